"""The suite's chain part: identities and joints as `hie run` leaves them, whole chain at once.

What one stage gains another may lose: the order of stages, the numbers' precision and the poses'
settings are decided here. Stretches of PETS09-S2L1 and TUD-Campus (boxes and identities) and
rendered crowds under still and moving cameras (exact joints as well). HOTA, IDF1 and MOTA of the
last document; ``near`` and ``near .2``: shares of the joints of everybody in sight within half a
head and a fifth of one, missing ones counting as missed; ``apart``: of the pairs of people whose
boxes overlap (IoU .2 or more) the share who were not given one and the same pose.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from suite import Case, code_version
from suite_clips import VIDEOS, rendered
from suite_pose import settings_of

from hie_cli.core import geometry
from hie_cli.core.annotations import Annotations, TruthSequence
from hie_cli.core.config import as_dict
from hie_cli.core.types import FramePeople
from hie_cli.evaluation.metrics import box_tracking
from hie_cli.formats.truth import read_truth
from hie_cli.pipeline.networks import Models
from hie_cli.pipeline.output import OutputDir
from hie_cli.pipeline.run import run_video
from hie_cli.pipeline.settings import ChainConfig, stages_until
from hie_cli.posing.calibration import HALF_HEAD
from hie_cli.video.frame_range import FrameRange
from hie_cli.video.sources import VideoSource

FIGURES = ("HOTA", "IDF1", "MOTA", "near", "near .2", "apart")
OURS = "balanced"
ROOT = Path(__file__).parent.parent / "hie_cli"
STRETCHES = {"PETS": ((0, 200), (300, 500), (595, 795)), "TUD": ((0, 71),)}
FRAMES = 24  # of each rendered crowd
OVERLAP = 0.2
SAME_POSE = 0.8  # OKS of two found poses above which they are one


@dataclass(frozen=True)
class Footage:
    """Frames of a video or a folder of pictures, and their truth; the joints of the truth's people
    (N, 14, 2) by frame where they are known.
    """

    source: VideoSource
    truth: TruthSequence
    keypoints: dict[int, Any]


def methods(peers: bool) -> list[str]:
    """The defaults."""
    del peers
    return [OURS]


def version(method: str) -> str:
    """What the figures depend on beside the input: code, and the settings."""
    folders = ("camera", "detection", "flow", "models", "pipeline", "posing", "tracking")
    return code_version(*(ROOT / folder for folder in folders)) + repr(settings_of(method))


def cases(data: Path, cache: Path, fast: bool) -> list[Case]:
    """All sequences that are there; ``fast``: the first stretch of each."""
    return list(_cases(data, cache / "chain", fast))


def _cases(data: Path, cache: Path, fast: bool) -> Iterator[Case]:
    for name, stretches in STRETCHES.items():
        video, labels = (data / part for part in VIDEOS[name])
        for span in stretches[: 1 if fast else None] if video.is_file() else ():
            yield _case(
                f"{name} {span[0]}-{span[1]}", name, cache,
                lambda v=video, t=labels, s=span: real(v, t, s),
            )  # fmt: skip
    for seed in (1,) if fast else (1, 2):
        for moving in (False, True):
            kind = "moving" if moving else "still"
            yield _case(
                f"rendered-{seed} {kind}", f"rendered-{seed}", cache,
                lambda s=seed, m=moving, k=kind: crowd(s, m, cache / f"pictures-{s}-{k}-{FRAMES}"),
            )  # fmt: skip


def _case(name: str, group: str, cache: Path, make: Callable[[], Footage]) -> Case:
    def measure(method: str) -> dict[str, float]:
        footage, settings = make(), settings_of(method)
        return figures(footage, chain(footage.source, settings, cache / name.replace(" ", "-")))

    return Case(name, group, name, measure)


def real(video: Path, labels: Path, span: tuple[int, int]) -> Footage:
    """A stretch of a video with boxes and identities."""
    (whole,) = read_truth(labels).values()
    return Footage(VideoSource(video, FrameRange(*span)), whole, {})


def crowd(seed: int, moving: bool, folder: Path) -> Footage:
    """A rendered crowd with exact joints; its pictures are kept in ``folder``."""
    clip = rendered(seed, moving, FRAMES)
    folder.mkdir(parents=True, exist_ok=True)
    for t, image in enumerate(clip.images):
        path = folder / f"{t:06d}.png"
        if not path.is_file():
            cv2.imwrite(str(path), image)
    frames = tuple(clip.truth[t] for t in range(len(clip.images)))
    return Footage(
        VideoSource(folder, fps=clip.fps), TruthSequence(folder.name, frames), clip.keypoints
    )


def chain(source: VideoSource, settings: ChainConfig, folder: Path) -> list[FramePeople]:
    """The people of ``source`` after identities and poses. Detections are found once for the same
    settings, code and precision, and kept in ``folder``.
    """
    stages = stages_until("action", settings.order)[:-1]
    models = Models(settings, "cpu")
    told = repr((as_dict(settings.detect), [model.sha256 for model in models.detectors]))
    code = code_version(*(ROOT / part for part in ("detection", "models")))
    key = hashlib.sha256((told + code).encode()).hexdigest()[:12]
    held = OutputDir(folder / key, resume=True)
    run_video(source, ("detect",), held, settings, models)
    shared = held.document("detect", source.info.name).read_bytes()
    (folder / "last" / "detect").mkdir(parents=True, exist_ok=True)
    output = OutputDir(folder / "last", overwrite=True)
    for stage in stages:
        output.document(stage, source.info.name).unlink(missing_ok=True)
    output.document("detect", source.info.name).write_bytes(shared)
    return run_video(source, stages, replace(output, resume=True), settings, models)


def figures(footage: Footage, found: list[FramePeople]) -> dict[str, float]:
    """``FIGURES`` of what the chain found."""
    indices = [item.index for item in found]
    true = tuple(footage.truth.frames[t] for t in indices)
    numbered = [replace(item, index=t) for t, item in enumerate(found)]
    sums = box_tracking.accumulate(replace(footage.truth, frames=true), numbered)
    rows = {
        "HOTA": float(sums.hota.hota.mean()),
        "IDF1": float(sums.identity.idf1),
        "MOTA": float(sums.clear.mota),
    }
    return rows | joints(true, [footage.keypoints.get(t) for t in indices], found)


def joints(
    truth: tuple[Annotations, ...], keypoints: list[Any], found: list[FramePeople]
) -> dict[str, float]:
    """The shares of joints that are near and of pairs that are kept apart; NaN without joints."""
    hits, total, pairs, merged = {0.5: 0, 0.2: 0}, 0, 0, 0
    for true, points, item in zip(truth, keypoints, found, strict=True):
        if points is None:
            continue
        shown = matched(true, item)
        known = np.isfinite(points).all(-1) & ~true.ignore[:, None]
        tall = np.prod(true.boxes[:, 2:] - true.boxes[:, :2], axis=1)
        longer = (true.boxes[:, 2:] - true.boxes[:, :2]).max(axis=1, initial=0.0)
        distance = np.linalg.norm(shown - points, axis=-1) / (2 * HALF_HEAD * longer)[:, None]
        total += int(known.sum())
        for share in hits:
            hits[share] += int(((distance <= share) & known).sum())
        there = np.isfinite(shown).all(-1).any(1)
        beside = np.triu(geometry.iou(true.boxes, true.boxes), 1) >= OVERLAP
        beside &= there[:, None] & there
        one = geometry.oks(shown, shown, 0.5 * tall) >= SAME_POSE
        were = geometry.oks(points, points, 0.5 * tall) >= SAME_POSE
        pairs += int((beside & ~were).sum())
        merged += int((beside & ~were & one).sum())
    if not total:
        return dict.fromkeys(("near", "near .2", "apart"), float("nan"))
    return {
        "near": hits[0.5] / total,
        "near .2": hits[0.2] / total,
        "apart": 1 - merged / pairs if pairs else float("nan"),
    }


def matched(true: Annotations, item: FramePeople) -> Any:
    """(N, 14, 2) the joints of whoever overlaps each true person most, by IoU .5 or more."""
    shown = np.full((len(true.boxes), 14, 2), np.nan)
    if item.people.keypoints is None:
        return shown
    overlap = geometry.iou(true.boxes, item.people.boxes)
    while overlap.max(initial=0.0) >= 0.5:
        i, j = np.unravel_index(overlap.argmax(), overlap.shape)
        shown[i] = item.people.keypoints[j]
        overlap[i], overlap[:, j] = 0, 0
    return shown
