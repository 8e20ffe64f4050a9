"""The suite's detection part: boxes of every preset on every development sequence with pixels.

AP50, AP and recall are pycocotools'; F1 is that of all people with scores from ``POINT``, the one
working point of all sequences; ``best F1`` (in the file of ``--json``) that of the sequence's own
best score. Where not everybody in sight is in the truth (CAVIAR), only recall counts. ``cost`` is
what the networks took per frame (units: NanoDet on a megapixel), the choice of views included.
Networks run in fp32; ``--methods balanced balanced/int8`` compares it with 8 bits.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from stills import box_figures, pose_stills
from suite import Case, code_version
from suite_clips import Clip, Footage, disturbed, footage
from suite_networks import Networks

from hie_cli.core import geometry
from hie_cli.core.annotations import Annotations
from hie_cli.core.types import Frame, People
from hie_cli.detection.box_smoothing import frames_around, smooth_boxes
from hie_cli.detection.input_sizes import cost
from hie_cli.detection.settings import DetectConfig
from hie_cli.detection.stage import detect
from hie_cli.models.runtime import Precision
from hie_cli.pipeline.settings import load_chain

FIGURES = ("AP50", "AP", "recall50", "F1")
OURS = "balanced"
POINT = 0.5
ROOT = Path(__file__).parent.parent / "hie_cli"


def methods(peers: bool) -> list[str]:
    """The presets."""
    del peers
    return ["fast", "balanced", "accurate"]


def version(method: str) -> str:
    """What the figures depend on beside the input: code, and the preset."""
    preset, sets = settings_of(method)
    return code_version(ROOT / "detection", ROOT / "models") + repr(
        load_chain(preset, [], sets).detect
    )


def settings_of(method: str) -> tuple[str, list[str]]:
    """Preset and settings of ``preset`` or ``preset:key=value,...`` (keys of ``detect``)."""
    preset, _, text = method.partition(":")
    return preset.partition("/")[0], [f"detect.{part}" for part in text.split(",") if part]


def precision_of(method: str) -> Precision:
    """int8 for ``preset/int8``, with or without settings after it."""
    return "int8" if method.partition(":")[0].endswith("/int8") else "fp32"


def cases(data: Path, store: Path, fast: bool) -> list[Case]:
    """All sequences whose data are there."""
    networks = Networks(store)
    return [_case(clip, networks) for clip in [*footage(data, fast), *labelled(data, fast)]]


def labelled(data: Path, fast: bool) -> Iterator[Footage]:
    """The pose samples' stills by data set, plain and disturbed."""
    root = data / "pose-samples"
    if not root.is_dir():
        return

    @cache
    def by_group() -> dict[str, Clip]:
        return dict(still_clips(root))

    for group in ("aic", "coco", "crowdpose", "ochuman", "posetrack18"):
        name = f"stills {group}"
        yield Footage(name, name, name, lambda g=group: by_group()[g])
        for kind in () if fast else ("half", "dark", "blur"):
            yield Footage(
                f"{name} {kind}", name, f"{name} {kind}",
                lambda g=group, k=kind: disturbed(by_group()[g], k),
            )  # fmt: skip


def still_clips(root: Path) -> Iterator[tuple[str, Clip]]:
    """One clip a data set; its frames have nothing to do with one another (0 frames a second)."""
    stills = list(pose_stills(root))
    for group in dict.fromkeys(still.group for still in stills):
        own = [still for still in stills if still.group == group]
        known = {
            t: Annotations(s.boxes, np.arange(len(s.boxes)), s.ignore) for t, s in enumerate(own)
        }
        yield group, Clip(0.0, tuple(s.image for s in own), known, {})


def _case(clip: Footage, networks: Networks) -> Case:
    def measure(method: str) -> dict[str, float]:
        preset, sets = settings_of(method)
        return figures(clip.make(), clip.whole, networks, preset, sets, precision_of(method))

    return Case(clip.name, clip.group, clip.key, measure)


class Counted:
    """A detector that adds up what it costs."""

    def __init__(self, model: Any) -> None:
        self.model, self.spent = model, 0.0
        self.name, self.sha256, self.spec = model.name, model.sha256, model.spec

    def detect(self, images: Any, long_side: int | None = None) -> list[People]:
        """As the model does."""
        for image in images:
            size = (image.shape[1], image.shape[0])
            side = long_side or max(self.spec.input.size)
            self.spent += cost(self.spec.cost or 0.0, side, size)
        found: list[People] = self.model.detect(images, long_side)
        return found


def people_of(
    clip: Clip, networks: Networks, config: DetectConfig, precision: Precision = "fp32"
) -> tuple[list[People], float]:
    """The people of every frame as ``hie detect`` has them, and what a frame cost."""
    models = [Counted(networks.detector(name, precision)) for name in config.models]
    if clip.fps:
        frames = [Frame(t, image) for t, image in enumerate(clip.images)]
        half = frames_around(config.steady_seconds, clip.fps, 1)
        found = list(smooth_boxes(detect(frames, config, models), half, 1 / clip.fps))
    else:
        alone = replace(config, segment=1)
        found = [next(iter(detect([Frame(0, image)], alone, models))) for image in clip.images]
    spent = sum(model.spent for model in models)
    return [item.people for item in found], spent / max(len(clip.images), 1)


def figures(
    clip: Clip,
    whole: bool,
    networks: Networks,
    preset: str,
    sets: list[str],
    precision: Precision = "fp32",
) -> dict[str, float]:
    """A preset's figures on a clip."""
    found, spent = people_of(clip, networks, load_chain(preset, [], sets).detect, precision)
    places = sorted(clip.truth)
    labels = [(clip.truth[t].boxes, clip.truth[t].ignore) for t in places]
    own = [found[t] for t in places]
    table = box_figures(own, labels)
    at_point, best, score = f1(own, labels)
    table |= {"F1": at_point, "best F1": best, "best score": score, "cost": spent}
    if not any((~ignore).any() for _, ignore in labels):
        table["recall50"] = np.nan
    if not whole:
        table |= {"AP50": np.nan, "AP": np.nan, "F1": np.nan, "best F1": np.nan}
    return table


def f1(found: list[People], labels: list[tuple[Any, Any]]) -> tuple[float, float, float]:
    """F1 at ``POINT``, at the best score, and that score; IoU 0.5, who is ignored counts not."""
    scores: list[Any] = []
    right: list[Any] = []
    total = 0
    for people, (boxes, ignore) in zip(found, labels, strict=True):
        overlap = geometry.iou(people.boxes, boxes)
        part = geometry.intersection(people.boxes, boxes) / geometry.area(people.boxes)[:, None]
        taken = np.zeros(len(boxes), bool)
        total += int((~ignore).sum())
        for i in np.argsort(-people.scores, kind="stable"):
            free = np.where(taken | ignore, 0.0, overlap[i]) if len(boxes) else np.zeros(1)
            hit = free.max(initial=0.0) >= 0.5
            if hit:
                taken[int(free.argmax())] = True
            elif len(boxes) and (part[i, ignore] >= 0.5).any():
                continue
            scores.append(float(people.scores[i]))
            right.append(hit)
    order = np.argsort(-np.array(scores), kind="stable")
    hits = np.cumsum(np.array(right, float)[order])
    values = 2 * hits / (np.arange(1, len(hits) + 1) + total)
    chosen = int((np.array(scores) >= POINT).sum())
    best = int(values.argmax()) if len(values) else 0
    return (
        float(values[chosen - 1]) if chosen else 0.0,
        float(values[best]) if len(values) else 0.0,
        float(np.array(scores)[order][best]) if len(values) else np.nan,
    )
