"""The detect stage: frames -> the people in them, from one or several networks and input sizes.

Each network looks at the frame at one or more sizes (views). A view's candidates are thinned,
their scores calibrated to the chance of being a person, and all views fused; where a network gives
poses along, these travel with the boxes.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hie_cli.core import geometry
from hie_cli.core.types import Frame, FramePeople, FrameStream, Image, People
from hie_cli.detection import calibration, input_sizes, nms, tiles
from hie_cli.detection.box_fusion import ViewDetections, fuse
from hie_cli.detection.input_sizes import DetectorRun
from hie_cli.models.base import Detector
from hie_cli.models.spec import ModelSpec
from hie_cli.posing.calibration import joint_probability

_FLOOR = 0.02  # calibrated score below which a candidate is noise


@dataclass(frozen=True)
class DetectConfig:
    """``detect``'s options; ``configs/detect.yaml`` explains each.

    Raises ValueError where a value makes no sense.
    """

    models: tuple[str, ...] = ("nanodet", "movenet-multipose")
    long_sides: tuple[int, ...] = (256, 384, 512, 640, 768, 1024, 1280)
    budget: float = 2.2
    segment: int = 100
    tiles: tuple[int, int] = (1, 1)
    tile_overlap: float = 0.25
    min_score: float = 0.05
    min_area: float = 100.0
    candidate_iou: float = 0.65
    fuse_iou: float = 0.55
    nms_iou: float = 0.65
    nms_oks: float = 0.7
    steady_seconds: float = 0.25
    batch: int = 1

    def __post_init__(self) -> None:
        if not self.models:
            raise ValueError("detect.models: name at least one model")
        if len(set(self.models)) < len(self.models):
            raise ValueError("detect.models: a model is named twice")
        if not self.long_sides or min(self.long_sides) < 32:
            raise ValueError("detect.long_sides: give at least one size, each 32 pixels or more")
        if min(self.segment, self.batch, *self.tiles) < 1:
            raise ValueError("detect: segment, batch and tiles must be at least 1")
        if not 0 <= self.tile_overlap <= 0.9:
            raise ValueError("detect.tile_overlap must be within 0..0.9")
        if not 0 <= self.steady_seconds <= 5:
            raise ValueError("detect.steady_seconds must be within 0..5")


def segment_start(index: int, config: DetectConfig) -> int:
    """The frame from which to detect again so that frame ``index`` comes out as in a full run.

    Input sizes are chosen anew at the first frame of each segment and nothing else is remembered
    (``smooth_boxes``, which follows, needs frames around besides).
    """
    return index // config.segment * config.segment


def detect(
    frames: Iterable[Frame], config: DetectConfig, models: Sequence[Detector]
) -> FrameStream:
    """Yield each frame with its people (boxes in frame pixels, best first; poses where known).

    ``models`` are the loaded networks of ``config.models``, in that order.
    """
    views: list[DetectorRun] = []
    segment = -1
    for batch in _batches(frames, config):
        if batch[0].index // config.segment != segment:
            segment = batch[0].index // config.segment
            views = _choose(batch[0].image, config, models)
        images = [frame.image for frame in batch]
        for frame, people in zip(batch, _people(images, views, config, models), strict=True):
            yield FramePeople(frame.index, people, frame.image)


def _batches(frames: Iterable[Frame], config: DetectConfig) -> Iterator[list[Frame]]:
    """Runs of up to ``config.batch`` frames of one segment."""
    batch: list[Frame] = []
    for frame in frames:
        new = batch and frame.index // config.segment != batch[0].index // config.segment
        if batch and (new or len(batch) == config.batch):
            yield batch
            batch = []
        batch.append(frame)
    if batch:
        yield batch


def _choose(image: Image, config: DetectConfig, models: Sequence[Detector]) -> list[DetectorRun]:
    """The views for the segment that begins with ``image``.

    A model of fixed size, or whose calibration or cost is not known, runs at its own size.
    """
    size_wh = (image.shape[1], image.shape[0])
    views = [
        DetectorRun(m, side, input_sizes.cost(model.spec.cost or 0.0, side, size_wh))
        for m, model in enumerate(models)
        for side in (config.long_sides if _any_size(model) else (None,))
    ]
    if len(views) == len(models):
        return views
    views = input_sizes.affordable(views, config.budget)
    votes = [_look([image], models[v.model], v.long_side, (1, 1), config)[0] for v in views]
    return input_sizes.choose(views, votes, config.budget, config.fuse_iou)


def _any_size(model: Detector) -> bool:
    spec = model.spec
    return spec.input.any_size and spec.score is not None and spec.cost is not None


def _people(
    images: Sequence[Image],
    views: Sequence[DetectorRun],
    config: DetectConfig,
    models: Sequence[Detector],
) -> list[People]:
    """The fused people of each image."""
    votes: list[list[ViewDetections]] = [[] for _ in images]
    for view in views:
        for grid in dict.fromkeys(((1, 1), config.tiles)):
            found = _look(images, models[view.model], view.long_side, grid, config)
            for each, vote in zip(votes, found, strict=True):
                each.append(vote)
    height, width = images[0].shape[:2]
    return [_finish(fuse(v, config.fuse_iou), config, width, height) for v in votes]


def _look(
    images: Sequence[Image],
    model: Detector,
    side: int | None,
    grid: tuple[int, int],
    config: DetectConfig,
) -> list[ViewDetections]:
    """One view of each image: ``model`` at long side ``side`` on each of ``grid`` tiles."""
    height, width = images[0].shape[:2]
    windows = tiles.windows(width, height, *grid, config.tile_overlap)
    crops = [image[y1:y2, x1:x2] for image in images for x1, y1, x2, y2 in windows]
    longest = max(max(x2 - x1, y2 - y1) for x1, y1, x2, y2 in windows)
    scale = model.spec.input.scale(crops[0].shape[:2], None) if side is None else side / longest
    found = [_calibrated(raw, model.spec, scale, config) for raw in model.detect(crops, side)]
    sees = calibration.recall_by_height(model.spec.score, scale)
    votes = []
    for i in range(len(images)):
        seen = [
            _shifted(part, window[0], window[1])
            for part, window in zip(found[i * len(windows) :], windows, strict=False)
        ]
        whole = tiles.join(seen, windows, (width, height), config.candidate_iou)
        votes.append(ViewDetections(whole if len(windows) > 1 else seen[0], sees))
    return votes


def _calibrated(raw: People, spec: ModelSpec, scale: float, config: DetectConfig) -> People:
    """Raw candidates with their scores as probabilities, noise and doubles removed."""
    heights = (raw.boxes[:, 3] - raw.boxes[:, 1]) * scale
    people = raw.replace(scores=calibration.probability(spec.score, raw.scores, heights))
    if raw.keypoint_scores is not None:
        joints = joint_probability(spec.joints, raw.keypoint_scores, heights)
        people = people.replace(keypoint_scores=joints)
    likely = people[people.scores >= _FLOOR]
    return likely[geometry.nms(likely.boxes, likely.scores, config.candidate_iou)]


def _shifted(people: People, x: int, y: int) -> People:
    """``people`` moved from a tile's pixels to the frame's."""
    if not x and not y:
        return people
    moved = people.replace(boxes=people.boxes + np.array([x, y, x, y], np.float32))
    if people.keypoints is None:
        return moved
    return moved.replace(keypoints=people.keypoints + np.array([x, y], np.float32))


def _finish(fused: People, config: DetectConfig, width: int, height: int) -> People:
    """Without doubles, unlikely people and specks; boxes cut at the frame's edges."""
    inside = fused.replace(boxes=geometry.clip(fused.boxes, width, height))
    single = nms.people(inside, config.nms_iou, config.nms_oks)
    large = geometry.area(single.boxes) >= config.min_area
    return single[large & (single.scores >= config.min_score)]
