"""How right any model of people is on the labelled pictures that a DATA.yaml holds out."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hie_cli.core.progress import progress
from hie_cli.models.base import Detector, PoseEstimator
from hie_cli.training.data.items import Item, find_items, require_held_out
from hie_cli.training.data.mix import read_mix
from hie_cli.training.detect.pictures import evaluated, oks
from hie_cli.training.engine.loop import Figures
from hie_cli.training.engine.pixel_store import PixelFile
from hie_cli.training.pose.task import estimated_by, judged

_STORED = 1280  # longer side of stored pictures


def accuracies(models: Sequence[Any], data: Path | str) -> list[Figures]:
    """Of each detector or pose network, in turn: AP50, AP and recall, OKS_AP where it sees joints;
    or near and OKS_AP on the true boxes. Raises InputError for a DATA.yaml without pictures.
    """
    mix = read_mix(data)
    with TemporaryDirectory() as scratch, PixelFile(Path(scratch)) as store:
        items = find_items(mix, store, _STORED)
        require_held_out(items)
        return [_of(model, items.validation) for model in models]


def _of(model: Detector | PoseEstimator, items: Sequence[Item]) -> Figures:
    shown = progress(items, f"accuracy of {model.name}", len(items), "picture")
    if model.spec.task == "pose":
        return judged(estimated_by(model, list(shown)))  # type: ignore[arg-type] # a pose network
    people = [model.detect([item.image()])[0] for item in shown]  # type: ignore[union-attr]
    found = evaluated(people, items)
    figures = {"AP50": found.ap(0.5), "AP": found.ap(), "recall": found.recall(0.5)}
    if people and people[0].keypoints is not None:
        figures["OKS_AP"] = oks(people, items)
    return figures
