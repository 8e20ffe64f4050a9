"""``hie data check``: what is wrong with data before hours are spent on them."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from hie_cli.core.errors import HieError
from hie_cli.core.progress import progress
from hie_cli.formats.files import atomic_write, require_writable
from hie_cli.models import registry
from hie_cli.models.base import Detector
from hie_cli.training.data.items import Items, find_items
from hie_cli.training.data.mix import read_mix
from hie_cli.training.data.problems import (
    Fingerprints,
    Problem,
    of_emptiness,
    of_labels,
    of_split,
    unlabelled,
)
from hie_cli.training.data.statistics import Statistics, draw, statistics
from hie_cli.training.engine.pixel_store import PixelFile

STORED_SIDE = 640  # pixels: enough to see what is wrong


@dataclass(frozen=True)
class DataReport:
    """What was found: problems, and figures of what is trained on and validated on."""

    folder: Path
    problems: tuple[Problem, ...]
    training: Statistics
    validation: Statistics

    @property
    def counts(self) -> dict[str, int]:
        """Problems by kind."""
        return dict(Counter(problem.kind for problem in self.problems))


def check_data(
    data: Path | str, *, model: str | None = None, output: Path | str = "out/data",
    device: str = "auto",
) -> DataReport:  # fmt: skip
    """Look through the data of a DATA.yaml; writes problems.json and statistics.png to ``output``.

    model: a detector that also looks for people whom nobody labelled. Raises ConfigError for a
    wrong DATA.yaml, InputError where truth and images do not meet.
    """
    mix, folder = read_mix(data), Path(output)
    require_writable(folder)
    detector = None if model is None else registry.load_detector(model, device)
    with PixelFile(folder) as store:
        items = find_items(mix, store, STORED_SIDE)
        problems = (*of_emptiness(items, str(data)), *_problems(items, detector))
    found = {"training": statistics(items.training), "validation": statistics(items.validation)}
    draw(found, folder / "statistics.png")
    report = DataReport(folder, problems, found["training"], found["validation"])
    with atomic_write(folder / "problems.json") as file:
        json.dump(
            {
                "problems": [vars(problem) for problem in problems],
                **{name: each.numbers() for name, each in found.items()},
            },
            file,
            indent=1,
        )
    return report


def _problems(items: Items, detector: Detector | None) -> list[Problem]:
    every = (*items.training, *items.validation)
    found: list[Problem] = list(of_split(every))
    seen = Fingerprints([source.title for source in items.mix.sources])
    for item in progress(every, "checking", len(every), "picture"):
        try:
            image = item.image()
        except HieError as error:
            found.append(Problem("broken", item.place, str(error)))
            continue
        seen.add(item, image)
        found += of_labels(item, image)
        if detector is not None:
            found += unlabelled(item, image, detector)
    return found + list(seen.problems())
