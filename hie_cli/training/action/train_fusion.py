"""``hie train fusion``: what members and the scene say of labelled people, fitted and written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import gcd
from pathlib import Path

import numpy as np

from hie_cli.core.errors import ConfigError, InputError, ModelError
from hie_cli.core.progress import note, progress
from hie_cli.formats.files import require_writable, taken
from hie_cli.models.runtime import resolve_device
from hie_cli.recognition.learned.card import CARD
from hie_cli.recognition.learned.fused_recogniser import SCENE_WAYS, WAYS, is_fusion
from hie_cli.recognition.scene.survey import Segmenter, survey
from hie_cli.recognition.settings import ActionConfig
from hie_cli.recognition.stage import needs_pixels, recognisers
from hie_cli.recognition.window import windows
from hie_cli.training.action.data import Material, chosen_labels, held_out, materials
from hie_cli.training.action.fusion_fit import Seen, fit
from hie_cli.training.action.fusion_folder import write_fusion
from hie_cli.training.action.settings import TrainConfig
from hie_cli.video.video_files import find_videos

MEASURES = ("wf_mAP", "macro")


@dataclass(frozen=True)
class FusionOptions:
    """What to fit, and how: members, way of the scene, its segmentation, and the measure."""

    models: tuple[str, ...]
    scene: str
    segmentation: tuple[str, Path] | None
    by: str


def wanted(models: Sequence[str], scene: str, segmentation: str | None, by: str) -> FusionOptions:
    """The options of the command line. Raises ConfigError or ModelError."""
    if scene not in WAYS:
        raise ConfigError(f"--scene {scene}: expected one of {', '.join(WAYS)}")
    if by not in MEASURES:
        raise ConfigError(f"--by {by}: expected one of {', '.join(MEASURES)}")
    chosen = tuple(models) or ("kinematic",)
    for name in chosen:
        if is_fusion(name):
            raise ModelError(f"{name}: is a fusion itself; give its members instead")
    if len(chosen) == 1 and scene == "none":
        raise ConfigError("nothing to fit: give several --model, or --scene")
    network, colon, path = (segmentation or "").partition(":")
    if segmentation and (not colon or not path):
        raise ConfigError(f"--segmentation {segmentation}: expected NETWORK:FILE")
    if segmentation and scene not in SCENE_WAYS:
        raise ConfigError("--segmentation serves the scene only; give --scene prior or concat")
    return FusionOptions(chosen, scene, (network, Path(path)) if segmentation else None, by)


@dataclass(frozen=True)
class TrainedFusion:
    """A fitted fusion: its folder, each member's weight, and what its card says.

    ``scene``: the way in which the scene corrects the scores ("none": not at all) · ``beta``: a
    prior's power, None without one · ``validation``: the figures on the held-out videos by name.
    """

    folder: Path
    weights: dict[str, float]
    scene: str
    beta: float | None
    validation: dict[str, float]


def train_fusion(
    data: Sequence[str | Path],
    *,
    truth: Path | str | None = None,
    val: Sequence[str] = (),
    video: Sequence[str | Path] = (),
    model: Sequence[str] = (),
    scene: str = "none",
    segmentation: str | None = None,
    by: str = "wf_mAP",
    output: Path | str = "out/fusion",
    device: str = "auto",
    overwrite: bool = False,
) -> TrainedFusion:
    """Fit several recognisers' weights, and what the scene adds; ``output`` is then a model.

    Arguments as the options of ``hie train fusion``. Raises ConfigError, InputError or ModelError
    for what can be wrong.
    """
    what, output = wanted(model, scene, segmentation, by), Path(output)
    if not overwrite and taken(output / CARD):
        raise ConfigError(f"{output / CARD}: already there; --overwrite or another --output")
    require_writable(output)
    said = None if truth is None else Path(truth)
    parts = _observed(data, said, val, [str(p) for p in video], what, resolve_device(device))
    learned, validated = len(parts.training), len(parts.validation)
    note(f"{learned} labelled frames to learn from, {validated} to validate on")
    fitted = fit(parts.training, parts.validation, what.models, what.scene, what.by)
    card = write_fusion(output, what.models, fitted, what.segmentation, parts.told)
    weights = dict(zip(what.models, fitted.weights.tolist(), strict=True))
    for name in [name for name, weight in weights.items() if not weight]:
        note(f"{name}: did not help on validation; left out")
    if fitted.way != what.scene:
        note(f"{what.scene}: did not help on validation; left out")
    return TrainedFusion(output, weights, card.scene, card.beta, card.numbers)


@dataclass(frozen=True)
class _Observed:
    """The labelled frames to learn from and to validate on, and a sentence on their videos."""

    training: list[Seen]
    validation: list[Seen]
    told: str


def _observed(
    data: Sequence[str | Path],
    truth: Path | None,
    patterns: Sequence[str],
    videos: Sequence[str],
    what: FusionOptions,
    device: str,
) -> _Observed:
    """Everything that members and scene say of the labelled people. Raises as ``train_fusion``."""
    segmenter = None if what.segmentation is None else Segmenter.of(*what.segmentation, device)
    pixels = what.scene in SCENE_WAYS or needs_pixels(ActionConfig(models=what.models))
    footage = find_videos(videos) if pixels else None
    found = list(materials([Path(path) for path in data], truth, footage, poses=False))
    apart = held_out([video.name for video in found], patterns)
    learns = what.scene != "none"
    if learns and len(apart) == len(found):
        raise ConfigError("--val: holds out every video; the scene needs some to learn from")
    used = [video for video in found if learns or video.name in apart]
    training: list[Seen] = []
    validation: list[Seen] = []
    for video in progress(used, "scoring", len(used), "video"):
        part = validation if video.name in apart else training
        part.extend(seen_of(video, what, segmenter, device))
    for needed, part, name in (
        (learns, training, "to learn from"),
        (True, validation, "to validate on"),
    ):
        if needed and not part:
            raise InputError(f"no labelled person {name}; check --truth and --val")
    held = sum(video.name in apart for video in used)
    return _Observed(
        training, validation, f"fitted on {len(used) - held} videos and validated on {held}"
    )


def seen_of(
    material: Material, what: FusionOptions, segmenter: Segmenter | None, device: str
) -> Iterator[Seen]:
    """The labelled frames of one video as members and scene see them."""
    config = ActionConfig(models=what.models)
    labels = chosen_labels(material, TrainConfig(interpolate=False))
    by_frame = {material.observed[k].index: row for k, row in labels.items()}
    frames = None if material.frames is None else material.frames(list(by_frame))
    members = recognisers(material.video, config, frames, device)
    seen = None
    if what.scene in SCENE_WAYS:
        assert frames is not None
        seen = survey(frames, material.observed, material.video, segmenter)
    every = gcd(*by_frame) or 1
    for item, window in windows(material.observed, material.video, config.window_seconds, every):
        row = by_frame.get(item.index)
        if window is not None and row is not None and len(row):
            scores = np.stack([member.score(window) for member in members])
            boxes = item.people.boxes
            scenes = np.zeros((len(boxes), 0)) if seen is None else seen.vectors(boxes)
            yield Seen(item.people, row, scores, scenes)
