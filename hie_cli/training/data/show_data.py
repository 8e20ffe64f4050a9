"""``hie data show``: samples as training sees them, with their labels drawn."""

from pathlib import Path

import cv2
import numpy as np

from hie_cli.core import config as settings
from hie_cli.core.errors import ConfigError
from hie_cli.core.geometry import known
from hie_cli.core.skeletons import BONES
from hie_cli.core.types import Image
from hie_cli.formats.files import atomic_write, require_writable
from hie_cli.training.data.augment import NONE, Augmentation, Rng
from hie_cli.training.data.items import Item, find_items
from hie_cli.training.data.mix import read_mix
from hie_cli.training.data.mixing import epoch_order
from hie_cli.training.data.samples import Sample, person_sample, picture_sample, posed_people
from hie_cli.training.engine.pixel_store import PixelFile

TASKS = ("detect", "pose")
_COLUMNS = 4
_SIDE = 320


def show_data(
    data: Path | str, *, task: str = "detect", count: int = 12,
    plain: bool = False, set: settings.Sets = None, seed: int = 0,
    output: Path | str = "out/data",
) -> Path:  # fmt: skip
    """Draw ``count`` random samples into ``output``/samples.png, augmented unless ``plain``.

    task: whole pictures, or a window round one person each · set: of ``Augmentation``, such as
    ``{"rotate": 40}``.
    """
    if task not in TASKS:
        raise ConfigError(f"--task {task}: expected {' or '.join(TASKS)}")
    mix, folder = read_mix(data), Path(output)
    require_writable(folder)
    augment = settings.load(NONE if plain else Augmentation(), None, set)
    with PixelFile(folder) as store:
        items = find_items(mix, store, 2 * _SIDE)
        every = items.training or items.validation
        sources = np.array([item.source for item in every])
        weights = [source.weight for source in mix.sources]
        tiles: list[Image] = []
        for k, i in enumerate(epoch_order(sources, weights, 4 * count, seed, 0)):
            rng = np.random.default_rng([seed, k])
            sample = _sample(task, every[int(i)], augment, rng)
            if sample is not None:
                tiles.append(drawn(sample))
            if len(tiles) == count:
                break
    rows = [tiles[k : k + _COLUMNS] for k in range(0, len(tiles), _COLUMNS)]
    blank = np.zeros((_SIDE, _SIDE, 3), np.uint8)
    sheet = np.concatenate(
        [np.concatenate((*row, *[blank] * (_COLUMNS - len(row))), 1) for row in rows or [[blank]]]
    )
    with atomic_write(folder / "samples.png", "wb") as file:
        file.write(cv2.imencode(".png", sheet)[1].tobytes())
    return folder / "samples.png"


def _sample(task: str, item: Item, augment: Augmentation, rng: Rng) -> Sample | None:
    """A sample of the item; None where poses are asked for and it has none."""
    if task == "detect":
        return picture_sample(item, _SIDE, augment, rng)
    posed = posed_people(item.labels)
    if len(posed) == 0:
        return None
    return person_sample(item, int(rng.choice(posed)), _SIDE, 1.25, augment, rng)


def drawn(sample: Sample) -> Image:
    """The sample's picture with boxes (grey: ignored), joints and what is ignored darkened."""
    image = np.where(sample.ignored[..., None], sample.image // 2, sample.image).astype(np.uint8)
    for box, ignore in zip(sample.boxes, sample.ignore, strict=True):
        low, high = (tuple(int(v) for v in part) for part in (box[:2], box[2:]))
        cv2.rectangle(image, low, high, (128, 128, 128) if ignore else (80, 220, 80), 1)
    for person in sample.keypoints:
        there = known(person)
        points = [tuple(int(v) for v in point) if ok else None
                  for point, ok in zip(person, there, strict=True)]  # fmt: skip
        for a, b in BONES:
            start, end = points[a], points[b]
            if start and end:
                cv2.line(image, start, end, (60, 160, 255), 1)
        for number, point in enumerate(points):
            if point:  # right joints red, left ones blue, as seen by the person
                colour = (60, 60, 255) if number in (2, 3, 4, 8, 9, 10) else (255, 120, 60)
                cv2.circle(image, point, 2, colour, -1)
    return image
