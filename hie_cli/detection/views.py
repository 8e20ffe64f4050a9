"""One view of a frame: a network at an input size, on the whole image, turned, or on its tiles."""

from collections.abc import Sequence

import numpy as np

from hie_cli.core import geometry
from hie_cli.core.types import Image, People
from hie_cli.detection import calibration, tiles
from hie_cli.detection.box_fusion import ViewDetections
from hie_cli.detection.input_sizes import DetectorRun
from hie_cli.detection.quarter_turns import turned_back, turned_image
from hie_cli.detection.settings import DetectConfig
from hie_cli.models.base import Detector
from hie_cli.models.spec import ModelSpec
from hie_cli.posing.calibration import joint_probability

# Score below which a candidate is noise. In crowds most views see a covered person weakly; only
# together do they tell.
_FLOOR = 0.005


def run_view(
    images: Sequence[Image],
    view: DetectorRun,
    model: Detector,
    grid: tuple[int, int],
    config: DetectConfig,
) -> list[ViewDetections]:
    """What ``view``, which runs ``model``, sees of each image on ``grid`` (columns, rows) of tiles.

    Images are of one size. Boxes and joints are in their pixels, scores are calibrated.
    """
    height, width = images[0].shape[:2]
    windows = tiles.windows(width, height, *grid, config.tile_overlap)
    crops = [
        turned_image(image[y1:y2, x1:x2], view.turns)
        for image in images
        for x1, y1, x2, y2 in windows
    ]
    longest = max(max(x2 - x1, y2 - y1) for x1, y1, x2, y2 in windows)
    side, spec = view.long_side, model.spec
    scale = spec.input.scale(crops[0].shape[:2], None) if side is None else side / longest
    sees = calibration.recall_by_height(spec.score, scale)
    found = [_calibrated(raw, spec, scale, config) for raw in model.detect(crops, side)]
    seen = []
    for i in range(len(images)):
        parts = [
            _shifted(turned_back(part, view.turns, x2 - x1, y2 - y1), x1, y1)
            for part, (x1, y1, x2, y2) in zip(found[i * len(windows) :], windows, strict=False)
        ]
        whole = parts[0]
        if len(windows) > 1:
            whole = tiles.join(parts, windows, (width, height), config.candidate_iou)
        seen.append(ViewDetections(whole, sees, view.turns % 2 == 1))
    return seen


def _calibrated(raw: People, spec: ModelSpec, scale: float, config: DetectConfig) -> People:
    """Candidates with calibrated scores, without noise and duplicates."""
    heights = (raw.boxes[:, 3] - raw.boxes[:, 1]) * scale
    people = raw.replace(scores=spec.person_probability(raw.scores, heights))
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
