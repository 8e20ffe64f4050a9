"""What a search leaves behind: a list for programs, a cut list and a contact sheet."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from hie_cli.core.types import Image
from hie_cli.formats.files import atomic_write, write_json
from hie_cli.retrieval.dedupe import DuplicateGroup
from hie_cli.retrieval.search import Result
from hie_cli.retrieval.store import ItemStore, StoredItem
from hie_cli.video.cuts import CUTS

RESULTS, SHEET, DUPLICATES = "results.json", "results.jpg", "duplicates.json"
_TILE = (192, 160)  # width and height, 16 of them for the text
_COLUMNS = 5
_SHOWN = 50


def write_results(index: Path, results: Sequence[Result], folder: Path) -> list[Path]:
    """results.json, cuts.json (video and frames of each) and results.jpg in ``folder``."""
    records = [result.record() for result in results]
    write_json(folder / RESULTS, {"results": records})
    write_cuts(folder / CUTS, [result.item for result in results])
    paths = [folder / RESULTS, folder / CUTS]
    if results:
        import cv2

        with ItemStore(index) as store:
            sheet = contact_sheet(store, results[:_SHOWN])
        _, data = cv2.imencode(".jpg", sheet, [cv2.IMWRITE_JPEG_QUALITY, 88])
        with atomic_write(folder / SHEET, "wb") as file:
            file.write(bytes(data))
        paths.append(folder / SHEET)
    return paths


def write_duplicates(
    groups: Sequence[DuplicateGroup], kept: Iterable[StoredItem], folder: Path
) -> None:
    """duplicates.json, the groups, and cuts.json, the pieces that no other one repeats."""
    write_json(folder / DUPLICATES, {"groups": [group.record() for group in groups]})
    write_cuts(folder / CUTS, kept)


def write_cuts(path: Path, items: Iterable[StoredItem]) -> None:
    """A cut list (``video.cuts``) of items, each piece of a video once."""
    pieces = dict.fromkeys((item.video, item.start, item.end) for item in items)
    cuts = [{"video": video, "frames": [start, end]} for video, start, end in pieces]
    write_json(path, {"cuts": cuts})


def contact_sheet(store: ItemStore, results: Sequence[Result]) -> Image:
    """Five in a row, best first: the picture, and below it score, video and second."""
    import cv2

    width, height = _TILE
    rows = -(-len(results) // _COLUMNS)
    sheet = np.full((rows * height, min(len(results), _COLUMNS) * width, 3), 32, np.uint8)
    for place, result in enumerate(results):
        top, left = place // _COLUMNS * height, place % _COLUMNS * width
        data = np.frombuffer(store.thumbnail(result.item.number), np.uint8)
        picture = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
        if picture is not None:
            scale = min(width / picture.shape[1], (height - 16) / picture.shape[0], 1.0)
            size = (max(1, int(picture.shape[1] * scale)), max(1, int(picture.shape[0] * scale)))
            small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
            x = left + (width - size[0]) // 2
            sheet[top : top + size[1], x : x + size[0]] = small
        item = result.item
        name = item.video.encode("ascii", "replace").decode()[:16]
        text = f"{result.score:.2f} {name} {item.start / item.fps:.1f}s"
        cv2.putText(sheet, text, (left + 3, top + height - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.36,
                    (235, 235, 235), 1, cv2.LINE_AA)  # fmt: skip
    return sheet
