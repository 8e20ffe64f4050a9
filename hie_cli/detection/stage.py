"""The detect stage: frames -> the people in them, from one or several networks and input sizes.

Each network looks at the frame at one or more sizes (views). A view's candidates are thinned,
their scores calibrated to the chance of being a person, and all views fused; where a network gives
poses along, these travel with the boxes.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from hie_cli.core import geometry
from hie_cli.core.parallel import side_by_side
from hie_cli.core.types import Frame, FramePeople, FrameStream, Image, People
from hie_cli.detection import input_sizes, nms
from hie_cli.detection.box_fusion import ViewDetections, fuse, in_a_crowd
from hie_cli.detection.input_sizes import DetectorRun, Probe
from hie_cli.detection.perspective import by_perspective
from hie_cli.detection.quarter_turns import TURNS
from hie_cli.detection.score_reference import ScoreReferences
from hie_cli.detection.settings import DetectConfig
from hie_cli.detection.views import run_view
from hie_cli.models.base import Detector
from hie_cli.models.parts import runs

# People whom the probe frames of a segment must have shown together before its choice is final,
_ENOUGH = 4
# of whom a frame with fewer has time to spare,
_FEW = 4
# and how many probe frames there are at most, evenly over the segment.
_PROBES = 5
# Long sides at which a turned image is looked at: one for near people, one for far ones.
_TURNED_SIDES = (512, 768)


def segment_start(index: int, config: DetectConfig) -> int:
    """The frame from which to detect again so that frame ``index`` comes out as in a full run.

    Input sizes are chosen anew at the first frame of each segment and nothing else is remembered
    (``smooth_boxes``, which follows, needs frames around besides).
    """
    return index // config.segment * config.segment


def part_end(index: int, config: DetectConfig) -> int:
    """The end of the frames that share batches with frame ``index``: of its part of its segment."""
    following = _part(index, config) + 1
    return segment_start(index, config) + -(-following * config.segment // _PROBES)


def detect(
    frames: Iterable[Frame],
    config: DetectConfig,
    models: Sequence[Detector],
    references: Sequence[Detector] = (),
) -> FrameStream:
    """Yield each frame with its people (boxes in frame pixels, best first; poses where known).

    ``models`` are the loaded networks of ``config.models``, in that order; ``references`` tell what
    those scores mean of which only a first guess is known (``score_reference``).
    """
    known = ScoreReferences(models, references, config)
    views: list[DetectorRun] = []
    probes: list[Probe] = []
    segment, part = -1, -1
    for batch in _batches(frames, config):
        if batch[0].index // config.segment != segment:
            segment, part, probes = batch[0].index // config.segment, -1, []
            known.forget()
        if _part(batch[0].index, config) != part:
            part = _part(batch[0].index, config)
            if not probes or sum(each.people for each in probes) < _ENOUGH:
                views = _choose(batch[0].image, probes, config, models)
            known.look(batch[0].image, views)
        images = [frame.image for frame in batch]
        for frame, people in zip(batch, _people(images, views, config, known), strict=True):
            yield FramePeople(frame.index, people, frame.image)


def _part(index: int, config: DetectConfig) -> int:
    """Which of the segment's ``_PROBES`` parts frame ``index`` belongs to."""
    return index % config.segment * _PROBES // config.segment


def _batches(frames: Iterable[Frame], config: DetectConfig) -> Iterator[list[Frame]]:
    """Runs of up to ``config.batch`` frames of one part of one segment."""
    batch: list[Frame] = []
    for frame in frames:
        if batch and (
            len(batch) == config.batch or _home(frame, config) != _home(batch[0], config)
        ):
            yield batch
            batch = []
        batch.append(frame)
    if batch:
        yield batch


def _home(frame: Frame, config: DetectConfig) -> tuple[int, int]:
    return frame.index // config.segment, _part(frame.index, config)


def _choose(
    image: Image, probes: list[Probe], config: DetectConfig, models: Sequence[Detector]
) -> list[DetectorRun]:
    """The views to use from ``image`` on; what it shows is added to ``probes``."""
    views = _possible_views((image.shape[1], image.shape[0]), config, models)
    if len(views) == len(models):
        return views
    seen = side_by_side(
        lambda v: run_view([image], v, models[v.model], (1, 1), config)[0],
        views,
        min(map(runs, models)),
    )
    probes.append(input_sizes.probe(seen, config.fuse_iou))
    posing = {v.model for v, s in zip(views, seen, strict=True) if s.people.keypoints is not None}
    people = sum(each.people for each in probes) / len(probes)
    budget = config.budget + config.sparse_budget * max(0.0, 1 - people / _FEW)
    return input_sizes.choose(
        views, probes, budget, frozenset(posing), config.pose_weight, config.most_sizes
    )


def _possible_views(
    size_wh: tuple[int, int], config: DetectConfig, models: Sequence[Detector]
) -> list[DetectorRun]:
    """The views that the budget allows for frames of ``size_wh``.

    A model of fixed size, or whose calibration or cost is not known, runs at its own size. The
    cheapest network also looks at the turned image, where there is a choice at all.
    """
    views = [
        DetectorRun(m, side, input_sizes.cost(model.spec.cost or 0.0, side, size_wh))
        for m, model in enumerate(models)
        for side in (config.long_sides if _any_size(model) else (None,))
    ]
    sized = [v for v in views if v.long_side in _TURNED_SIDES]
    if config.turned and sized and len(views) > len(models):
        cheapest = min(sized, key=lambda v: v.cost / (v.long_side or 1) ** 2).model
        views += [
            input_sizes.turned(v, turns) for v in sized if v.model == cheapest for turns in TURNS
        ]
    return input_sizes.affordable(views, config.budget)


def _any_size(model: Detector) -> bool:
    spec = model.spec
    return spec.input.any_size and spec.score is not None and spec.cost is not None


def _people(
    images: Sequence[Image],
    views: Sequence[DetectorRun],
    config: DetectConfig,
    known: ScoreReferences,
) -> list[People]:
    """The fused people of each image."""
    looks = [(view, grid) for view in views for grid in dict.fromkeys(((1, 1), config.tiles))]

    def look(at: tuple[DetectorRun, tuple[int, int]]) -> list[ViewDetections]:
        view, grid = at
        return run_view(images, view, known.models[view.model], grid, config)

    together = min(map(runs, known.models))
    seen: list[list[ViewDetections]] = [[] for _ in images]
    for (view, _), found in zip(looks, side_by_side(look, looks, together), strict=True):
        for each, one in zip(seen, found, strict=True):
            each.append(known.mapped(view.model, one))
    height, width = images[0].shape[:2]
    return [_finished(fuse(each, config.fuse_iou), config, width, height) for each in seen]


def _finished(fused: People, config: DetectConfig, width: int, height: int) -> People:
    """Without duplicates, low scores and tiny boxes; clipped to the frame, best first; scores by
    what everybody's heights and number say.
    """
    inside = fused.replace(boxes=geometry.clip(fused.boxes, width, height))
    single = nms.without_duplicates(inside, config.nms_iou, config.nms_oks)
    large = geometry.area(single.boxes) >= config.min_area
    kept = single[large & (single.scores >= config.min_score)]
    scores = in_a_crowd(by_perspective(kept, height))
    return kept.replace(scores=scores)[np.argsort(-scores, kind="stable")]
