"""What a window shows of one person before anything is known of the camera."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from hie_cli.core import geometry
from hie_cli.core.skeletons import CHEST, LEFT_HIP, RIGHT_HIP
from hie_cli.core.types import FloatArray, IntArray
from hie_cli.recognition.kinematic.motion import Shape, slope, slope_error
from hie_cli.recognition.kinematic.posture import BODY_WIDTH, mean_of, stick_tilt, trusted_joints
from hie_cli.recognition.kinematic.settings import Measuring
from hie_cli.recognition.kinematic.vertical import NOTHING, Evidence, UprightField
from hie_cli.recognition.window import Track, Window, frames_per_second

CARRIED = 0.02  # of the longer side: what a camera moves its picture by that is no mount's shake
LASTING = 0.5  # seconds for which somebody must be in view to have a say in the common motion


@dataclass(frozen=True)
class Body:
    """One person of a window.

    track · shape of the boxes · joints (T, 14, 2), only those worth using · height: body height
    about the frame, pixels · velocity (2,): body heights per second in the image · doubt: standard
    error of each of its parts, from the box's noise and the camera's motion.
    """

    track: Track
    shape: Shape
    joints: FloatArray
    height: float
    velocity: FloatArray
    doubt: float

    @classmethod
    def of(cls, track: Track, how: Measuring, swept: float = 0.0, covered: float = 0.0) -> "Body":
        """Measure a track in steady coordinates; ``swept``: by how many pixels per second the
        camera's motion, which is known but to a share, had moved it · ``covered``: the share of its
        box under the nearer one that hides most of it.
        """
        shape = Shape.of(track.boxes)
        height = body_height(shape.diagonals[track.near(how.motion_seconds)])
        moving = track.near(how.motion_seconds)
        times, centres = track.times[moving], shape.centres[moving]
        velocity = slope(times, centres)
        doubt = np.hypot(slope_error(times, centres, velocity), how.camera_noise * swept) / height
        seen = np.median(track.keypoint_scores[track.near(how.posture_seconds)].mean(1))
        joints = trusted_joints(track, how.least_joint_score)
        doubtful = height < how.small_height or covered > how.most_covered
        needed = how.small_pose_score if doubtful else how.least_pose_score
        if seen < needed or height < how.least_joint_height:
            joints = np.full_like(joints, np.nan)
        return cls(track, shape, joints, height, velocity / height, float(doubt))

    @property
    def pace(self) -> float:
        """Body heights per second across the image."""
        return float(np.hypot(*self.velocity))


def steadied(track: Track, window: Window) -> Track:
    """A window's track in the pixels of its frame, as if the camera had stood still."""
    camera = window.camera
    if camera is None:
        return track
    frames = _frames(track.times, window)
    return dataclasses.replace(
        track,
        boxes=camera.boxes(frames, track.boxes),
        keypoints=camera.points(frames, track.keypoints),
    )


def _frames(times: FloatArray, window: Window) -> IntArray:
    """The numbers of the frames at ``times`` (T,), seconds from the window's."""
    frames: IntArray = window.index + np.round(times * frames_per_second(window.video)).astype(int)
    return frames


def covered(boxes: FloatArray) -> FloatArray:
    """The share (N,) of each of the boxes (N, 4) under the nearer one that hides most of it."""
    hidden = geometry.coverage(boxes)
    hidden[boxes[:, 3] <= boxes[:, 3:]] = 0.0
    most: FloatArray = hidden.max(axis=1, initial=0.0)
    return most


def is_carried(window: Window) -> bool:
    """Whether the camera moves by more than a mount that shakes lets it, within the window."""
    if window.camera is None:
        return False
    size = np.array([window.video.width, window.video.height], np.float64)
    frames = window.camera.frames
    middle = window.camera.points(frames, np.tile(size / 2, (len(frames), 1)))
    return bool(np.ptp(middle, axis=0).max() > CARRIED * size.max())


def swept(track: Track, window: Window, seconds: float) -> float:
    """Pixels per second by which the camera moved what stands where the person is, within
    ``seconds`` of the window's frame.
    """
    times = track.times[track.near(seconds)]
    if window.camera is None or len(times) < 2:
        return 0.0
    box = track.boxes[track.now]
    ends = _frames(times[[0, -1]], window)
    first, last = window.camera.points(ends, np.tile((box[:2] + box[2:]) / 2, (2, 1)))
    return float(np.hypot(*(last - first)) / (times[-1] - times[0]))


def relative(bodies: list[Body], how: Measuring) -> list[Body]:
    """The same people, with the velocity that most of them share taken off.

    A camera that is carried along moves everybody in the picture by the same speed in body heights,
    near and far, against a background that is farther still. Only so much as somebody who carries a
    camera makes is taken for that, not what a crowd does that walks one way.
    """
    lasting = [b for b in bodies if len(b.track.times) and np.ptp(b.track.times) >= LASTING]
    if len(lasting) < how.common_people:
        return bodies
    velocities = np.array([body.velocity for body in lasting])
    common = np.median(velocities, axis=0)
    doubts = np.array([body.doubt for body in lasting])
    alike = np.linalg.norm(velocities - common, axis=1) < how.common_alike + doubts
    if alike.mean() < how.common_share or np.hypot(*common) > how.common_speed:
        return bodies
    return [dataclasses.replace(body, velocity=body.velocity - common) for body in bodies]


def body_height(diagonals: FloatArray) -> float:
    """A person's height in pixels, at least 1, from diagonals (T,) of the box.

    Less the 6 % that the width adds to a standing person, the diagonal is the same standing and
    lying; the upper quartile over time survives cut-off and crouched moments.
    """
    return max(float(np.quantile(diagonals, 0.75)) / float(np.hypot(1, BODY_WIDTH)), 1.0)


def axes(body: Body, how: Measuring) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Times (K,), places (K, 2) and unit axes (K, 2), feet to head, of the rows about the frame.

    From the torso if it is seen, else from the shape of the box, whose stick may lean to either
    side: then every row counts twice.
    """
    about = body.track.near(how.motion_seconds)
    times, joints = body.track.times[about], body.joints[about]
    hips = mean_of(joints, RIGHT_HIP, LEFT_HIP)
    torso = joints[:, CHEST] - hips
    length = np.linalg.norm(torso, axis=1)
    good = length > 0.1 * body.height  # False where unknown
    if good.any():
        places = (joints[good][:, CHEST] + hips[good]) / 2
        return times[good], places, torso[good] / length[good][:, None]
    tilt = np.radians(stick_tilt(body.shape.sizes[about]))
    sides = [np.stack((side * np.sin(tilt), -np.cos(tilt)), 1) for side in (-1, 1)]
    return np.tile(times, 2), np.tile(body.shape.centres[about], (2, 1)), np.concatenate(sides)


def upright(body: Body, view: UprightField, how: Measuring, after: float) -> Evidence:
    """What the body says of "up", if it is upright: its rows later than ``after`` seconds.

    A posture that changes meanwhile says nothing: nobody falls upright.
    """
    times, places, directions = axes(body, how)
    # Leaning to the left and to the right by the same angle is one posture.
    folded = np.stack((np.abs(directions[:, 0]), directions[:, 1]), 1)
    if np.linalg.norm(folded.mean(0)) < how.upright_steady:
        return NOTHING
    share = 2 * how.motion_seconds / len(times)  # seconds that each row stands for
    new = times > after
    return view.evidence(places[new], directions[new], np.full(int(new.sum()), share))
