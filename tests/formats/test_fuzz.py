"""Damaged files of every layout: read as something, or refused in one line; never a traceback."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from hie_cli.core.errors import HieError
from hie_cli.formats.readers import read_sequences
from hie_cli.formats.sequence import ResultSequence, VideoSequence, of_results, of_truth
from hie_cli.formats.writers import targets, write

TARGETS = targets()
JUNK = [None, True, -1, 0, 1e308, 10**30, "", "x", [], [[]], {}, [None], [{}], ["1"], {"a": 1}]


def read(path: Path) -> None:
    """Every way in; refusals must be one line that begins with a path."""
    for kind in (None, "truth", "results"):
        message = "read"
        try:
            for sequence in read_sequences(path, kind=kind, size=(640, 480)):
                assert isinstance(sequence, VideoSequence)
        except HieError as error:
            message = str(error)
        assert len(message.splitlines()) == 1


def written(make_truth, make_results, target: str, folder: Path) -> Path:
    sequence = of_truth(make_truth(5))
    if target not in ("hieve-xml", "hieve-json"):
        results = of_results(ResultSequence("clip", make_results(5)))
        sequence = VideoSequence("clip", results.frames, results.num_frames, 1280, 720, 25.0)
    files = write(sequence, folder, target, overwrite=True).files
    return max(files, key=lambda file: file.stat().st_size)


@pytest.mark.parametrize("target", TARGETS)
def test_damaged_bytes(make_truth, make_results, tmp_path: Path, target: str) -> None:
    if target == "parquet":
        pytest.importorskip("pyarrow")
    path = written(make_truth, make_results, target, tmp_path)
    whole = path.read_bytes()
    rng = random.Random(target)
    for _ in range(25):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            place = rng.randrange(len(data))
            kind = rng.randrange(4)
            if kind == 0:
                data[place] = rng.randrange(256)
            elif kind == 1:
                del data[place : place + rng.randint(1, 30)]
            elif kind == 2:
                data[place:place] = rng.choice([b"NaN", b"-", b"9" * 25, b"[", b'"', b",", b"\0"])
            else:
                data = data[: place + 1]
        path.write_bytes(data)
        read(path)


def holes(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a JSON value, as (container, key)."""
    places: list[tuple[Any, Any]] = []
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        places.append((value, key))
        if isinstance(item, dict | list):
            places += holes(item)
    return places


@pytest.mark.parametrize(
    "target", ["annolist", "document", "coco", "hieve-json", "posetrack17", "posetrack18"]
)
def test_wrong_values(make_truth, make_results, tmp_path: Path, target: str) -> None:
    """Any value of a file replaced by one of another kind."""
    path = written(make_truth, make_results, target, tmp_path)
    text = path.read_text()
    rng = random.Random(target)
    for _ in range(80):
        data = json.loads(text)
        container, key = rng.choice(holes(data))
        container[key] = rng.choice(JUNK)
        path.write_text(json.dumps(data))
        read(path)
        if target == "document":  # the same, laid out line by line as the writer does
            head, frames = json.dumps({"hie": data.get("hie")})[:-1], data.get("annolist")
            lines = "\n".join(
                ("," if i else "") + json.dumps(f) for i, f in enumerate(frames or [])
            )
            path.write_text(f'{head},"annolist":[\n{lines}\n]}}\n'.replace('"hie": ', '"hie":', 1))
            read(path)
