"""Single stages for callers in Python: of one picture, or of frames that the caller has."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import TYPE_CHECKING

from hie_cli.core.errors import InputError
from hie_cli.core.types import Frame, FramePeople, FrameStream, Image, People, VideoInfo
from hie_cli.detection import stage as detection
from hie_cli.formats.documents.rounding import rounded, rounded_frame
from hie_cli.pipeline.networks import Models
from hie_cli.pipeline.settings import ChainConfig
from hie_cli.pipeline.stages import with_own_poses
from hie_cli.posing import refine as refining
from hie_cli.posing import stage as posing
from hie_cli.recognition import stage as recognition
from hie_cli.tracking import stage as tracking
from hie_cli.video.sources import FALLBACK_FPS

if TYPE_CHECKING:
    from hie_cli.recognition.kinematic.explanation import Explanation

DEFAULTS = ChainConfig()


def detect_image(image: Image, *, config: ChainConfig = DEFAULTS, device: str = "auto") -> People:
    """The people of one picture (H, W, 3) uint8 BGR, best first; as ``run`` on that one frame.

    Networks stay loaded between calls.
    """
    models = Models(config, device)
    frame = Frame(0, picture(image))
    found = detection.detect([frame], config.detect, models.detectors, models.references)
    return rounded(next(found).people)


def pose_image(
    image: Image, people: People, *, config: ChainConfig = DEFAULTS, device: str = "auto"
) -> People:
    """``people`` of one picture with their joints; networks stay loaded between calls.

    Those who turn out to be the same person are merged: fewer may come back.
    """
    item = FramePeople(0, people, picture(image))
    return rounded(next(posing.pose([item], config.pose, Models(config, device).pose)).people)


def pose_frames(
    frames: Iterable[FramePeople],
    *,
    config: ChainConfig = DEFAULTS,
    device: str = "auto",
    fps: float | None = None,
) -> FrameStream:
    """Frames with people and images -> the same with joints, refined over time; streams.

    With ``order="track-first"`` no two people of a frame have one pose: identities tell whose it
    is. Unless ``track.online`` it then looks ``track.fill_seconds`` ahead, and drops the images.
    """
    video, stream = _video(frames, fps)
    poses = posing.pose(stream, config.pose, Models(config, device).pose)
    refined = refining.refine(poses, config.refine, video.fps, device=device)
    yield from _rounded(with_own_poses(refined, config, video))


def track_frames(
    frames: Iterable[FramePeople],
    *,
    config: ChainConfig = DEFAULTS,
    device: str = "auto",
    video: VideoInfo | None = None,
    fps: float | None = None,
) -> FrameStream:
    """Frames with people -> the same with ``track_ids``; by appearance too where there are images.

    ``video``: size and fps, where the frames themselves do not say (``.video``, or an image and
    ``fps``). Comes when the frames have ended; with ``track.online`` one by one.
    """
    known, stream = _video(frames, fps, video)
    network = Models(config, device).appearance
    embed = None if network is None else network.embed
    yield from _rounded(
        tracking.track(tracking.describe(stream, config.track, embed), known, config.track), known
    )


def recognise_frames(
    frames: Iterable[FramePeople],
    *,
    config: ChainConfig = DEFAULTS,
    device: str = "auto",
    video: VideoInfo | None = None,
    fps: float | None = None,
    source: Iterable[Frame] | None = None,
) -> FrameStream:
    """Tracked frames -> the same with ``action_scores``; ``video``, ``fps``: as ``track_frames``.

    ``source``: the video's frames, for models that look at pixels.
    """
    known, stream = _video(frames, fps, video)
    people: Iterable[FramePeople] = stream
    if recognition.needs_people_twice(config.action):
        people = list(stream)
    yield from _rounded(
        recognition.recognise(people, known, config.action, frames=source, device=device), known
    )


def explain_frames(
    frames: Iterable[FramePeople],
    track_id: int,
    *,
    config: ChainConfig = DEFAULTS,
    video: VideoInfo | None = None,
    fps: float | None = None,
) -> Iterator["Explanation"]:
    """Tracked frames -> why ``track_id`` is judged as it is, for each sampled frame that shows it;
    ``video``, ``fps``: as ``track_frames``.
    """
    from hie_cli.recognition.kinematic.explanation import explain

    known, stream = _video(frames, fps, video)
    yield from explain(stream, known, config.action, track_id)


def _video(
    frames: Iterable[FramePeople], fps: float | None, video: VideoInfo | None = None
) -> tuple[VideoInfo, FrameStream]:
    """What the frames are of, and all of them. Raises InputError where their size is not known."""
    rest = iter(frames)
    first = list(islice(rest, 1))
    stream = chain(first, rest)
    info = video or (first[0].video if first else VideoInfo("video", 1, 1, FALLBACK_FPS, 0))
    if info is None and first[0].image is not None:
        height, width = picture(first[0].image).shape[:2]
        info = VideoInfo("video", width, height, FALLBACK_FPS, None)
    if info is None:
        raise InputError("frames say neither their video nor carry an image; give video=")
    return (info if fps is None else replace(info, fps=fps)), stream


def _rounded(stream: FrameStream, video: VideoInfo | None = None) -> FrameStream:
    for item in stream:
        yield replace(rounded_frame(item), video=item.video or video)


def picture(image: Image) -> Image:
    """``image``; raises InputError unless it is (H, W, 3) uint8."""
    if getattr(image, "ndim", 0) != 3 or image.shape[2] != 3 or str(image.dtype) != "uint8":
        shape = f"shape {getattr(image, 'shape', None)} {getattr(image, 'dtype', type(image))}"
        raise InputError(f"image: {shape}; expected (H, W, 3) uint8, BGR")
    return image
