"""Boxes smoothed over time: a frame's box is what the frames around it agree on.

A detector's box jitters, above all in width, with every swing of an arm. People are followed for a
few frames either way, and each side of the box becomes the value of a straight line fitted through
those frames, weighted by score. What everybody's boxes have in common, the camera's shake, is taken
out before the fit, so that a shaking camera does not shift the boxes.

People are linked by the overlap of their boxes and by both scores. By overlap alone a person's box
was linked to weak boxes about the same person, and those of two who cross to one another's.

Who is seen weakly, but better in the frames around, is more likely a person than what is seen
weakly once. So weak scores are averaged with those around (as all are in Seq-NMS: Han et al. 2016);
higher ones are not: the tracker combines them over time itself, and would count them twice.

Who walks gets a walker's width. Networks trained on COCO draw the stride and the swinging arms;
pedestrian ground truth, which annotators draw over time, keeps one width. Nothing in a single
picture tells which is wanted, so pictures without neighbours keep what the network drew.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hie_cli.core import geometry
from hie_cli.core.temporal_window import LinkedFrame, Links, linked, outward, windowed
from hie_cli.core.types import FramePeople, FrameStream, People

Floats = NDArray[np.float64]
_SAME = 0.3  # least overlap of one person's boxes in consecutive frames
_WEAK = 0.15  # score below which the frames around have a say
_ENOUGH = 4  # people whose common motion is the camera's rather than their own
# Width over height of a walker's box in pedestrian ground truth, and the part of the way (of the
# logarithm) from the drawn width to it.
_WALKER, _PULL = 0.34, 0.7
# Speeds (body heights a second) from which somebody may be walking, and surely is.
_SLOW, _FAST = 0.15, 0.4
# Drawn widths (over height) of who may be walking upright: not the narrow strips that the picture's
# edge leaves, nor who bends, sits or lies; fully between the two in the middle.
_UPRIGHT = (0.18, 0.28, 0.55, 0.75)
MOST_FRAMES = 6  # either way; bounds the frames held, whatever the frame rate


def frames_around(seconds: float, fps: float, stride: int) -> int:
    """How many frames either way lie within ``seconds``, at most ``MOST_FRAMES``."""
    return min(round(seconds * fps / stride), MOST_FRAMES)


def smooth_boxes(stream: Iterable[FramePeople], half: int, seconds: float) -> FrameStream:
    """Yield each frame with its people's boxes smoothed over ``half`` frames either way.

    ``seconds`` lie between two frames. Best first: scores below ``_WEAK`` may change; poses and the
    number of people stay. Holds 2 ``half`` + 1 frames; 0 passes all through.
    """
    if half < 1:
        yield from stream
        return
    for window, position in windowed(linked(stream, continuation, 1e-9), half):
        yield replace(window[position].item, people=_smoothed(window, position, seconds))


def continuation(before: People, now: People) -> Floats:
    """How likely (N, M) each of ``now`` continues each of ``before``.

    Overlap x both scores; 0 where boxes overlap less than ``_SAME``.
    """
    overlap = geometry.iou(before.boxes, now.boxes)
    sure = np.asarray(before.scores, np.float64)[:, None] * now.scores
    likely: Floats = np.where(overlap >= _SAME, overlap * sure, 0.0)
    return likely


def weak_by_others(scores: Floats) -> Floats:
    """Scores (N,) of people by those (S, N) in the frame itself, first, and those around it.

    0 where not found. Below ``_WEAK`` the mean of the own and the average, ``_WEAK`` at most.
    """
    own = scores[0]
    together = np.minimum((own + scores.mean(axis=0)) / 2, _WEAK)
    changed: Floats = np.where(own < _WEAK, together, own)
    return changed


def _smoothed(window: Sequence[LinkedFrame], position: int, seconds: float) -> People:
    people = window[position].people
    if not len(people):
        return people
    times, boxes = [0], [np.asarray(people.boxes, np.float64)]
    weights = [np.asarray(people.scores, np.float64)]
    for direction in (-1, 1):
        shake = np.zeros(2)
        for other, step, index in outward(window, position, direction):
            nearer, there = window[other - direction].people, window[other].people
            shake += common_motion(nearer.boxes, there.boxes, step)
            found = index >= 0
            box = np.full((len(people), 4), np.nan)
            box[found] = there.boxes[index[found]] - np.tile(shake, 2)
            times.append(other - position)
            boxes.append(box)
            weights.append(np.append(there.scores, 0.0)[index])
    smooth, slope = line_at_zero(np.array(times), np.stack(boxes), np.stack(weights))
    # The lines of two opposite sides may cross where a box becomes narrow, as at the image's edge.
    crossed = (smooth[:, 2:] < smooth[:, :2]).any(-1, keepdims=True)
    smooth = walkers_width(np.where(crossed, boxes[0], smooth), slope / seconds)
    scores = weak_by_others(np.stack(weights))
    order = np.argsort(-scores, kind="stable")
    return people.replace(boxes=smooth, scores=scores)[order]


def walkers_width(boxes: Floats, velocity: Floats) -> Floats:
    """``boxes`` (N, 4) whose widths are those of walkers as far as they walk.

    ``velocity`` (N, 4): of the sides, pixels a second.
    """
    size = np.maximum(boxes[:, 2:] - boxes[:, :2], 1e-6)
    speed = np.linalg.norm(velocity[:, :2] + velocity[:, 2:], axis=1) / 2 / size[:, 1]
    aspect = size[:, 0] / size[:, 1]
    upright = np.interp(aspect, _UPRIGHT, (0.0, 1.0, 1.0, 0.0))
    walks = upright * np.interp(speed, (_SLOW, _FAST), (0.0, 1.0))
    width = size[:, 0] * (_WALKER / aspect) ** (_PULL * walks)
    cut = (size[:, 0] - width) / 2
    narrowed: Floats = boxes + np.stack((cut, 0 * cut, -cut, 0 * cut), 1)
    return narrowed


def common_motion(here: NDArray[np.floating], there: NDArray[np.floating], link: Links) -> Floats:
    """The median motion (2,) of linked boxes' centres; none where too few people tell."""
    found = link >= 0
    if found.sum() < _ENOUGH:
        return np.zeros(2)
    moved = np.asarray(there[link[found]] - here[found], np.float64)
    middle: Floats = np.median((moved[:, :2] + moved[:, 2:]) / 2, axis=0)
    return middle


def line_at_zero(
    times: NDArray[np.int64], values: Floats, weights: Floats
) -> tuple[Floats, Floats]:
    """The weighted straight line through ``values`` (S, N, 4) at ``times`` (S,): its value at time
    0 and its slope, (N, 4) each.

    NaN samples do not count; somebody with fewer than three samples keeps ``values[0]``, slope 0.
    The line is found by its weighted means, so that samples on one side only still give their own
    line.
    """
    known = geometry.known(values)
    w = np.where(known, np.maximum(weights, 1e-6), 0.0)
    total = w.sum(0)
    t = times[:, None].astype(np.float64)
    mean_t = (w * t).sum(0) / total
    filled = np.where(known[..., None], values, 0.0)
    mean_v = (w[..., None] * filled).sum(0) / total[:, None]
    spread = (w * (t - mean_t) ** 2).sum(0)
    slope_top = (w[..., None] * (t - mean_t)[..., None] * filled).sum(0)
    slope = slope_top / np.maximum(spread, 1e-9)[:, None]
    line = mean_v - slope * mean_t[:, None]
    enough = known.sum(0) >= 3
    smooth: Floats = np.where(enough[:, None], line, values[0])
    return smooth, np.where(enough[:, None], slope, 0.0)
