"""How long large data files take to read: processor seconds, whole files made up on the spot.

python benchmarks/reading.py            # an annolist of 40 MB, a zip of 4,000 XML files
python benchmarks/reading.py --release  # also 33,000 XML files of 20 people in one zip (minutes)
"""

import argparse
import json
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from hie_cli.core.annotations import VISIBLE, Annotations, TruthSequence
from hie_cli.formats.layouts.hieve_frames import format_frame
from hie_cli.formats.results import read_results
from hie_cli.formats.truth import read_truth


def annolist(path: Path, frames: int, people: int) -> None:
    """Another program's annolist: one line, every person with 14 joints."""
    rng = np.random.default_rng(0)
    entries = []
    for t in range(frames):
        rects = []
        for i, (x, y) in enumerate(np.round(rng.uniform(0, 900, (people, 2)), 3).tolist()):
            points = [
                {"id": [j], "x": [x + j], "y": [y + j], "score": [0.5 + j / 100]} for j in range(14)
            ]
            box = {"x1": [x], "y1": [y], "x2": [x + 40], "y2": [y + 100], "score": [0.75]}
            rects.append({**box, "track_id": [i], "annopoints": [{"point": points}]})
        entries.append({"image": [{"name": f"{t:06d}.jpg"}], "annorect": rects})
    path.write_text(json.dumps({"annolist": entries}))


def release(path: Path, sequences: int, frames: int, people: int) -> None:
    """A zip of HiEve's all-track XML, a file per frame."""
    corner = np.random.default_rng(0).uniform(0, 900, (people, 2))
    boxes = np.concatenate([corner, corner + [40, 100]], axis=1)
    points = np.round(corner[:, None] + np.arange(28).reshape(14, 2), 2)
    visibility = np.full((people, 14), VISIBLE)
    ignore, actions = np.zeros(people, bool), np.zeros(people, np.int64)
    frame = Annotations(boxes, np.arange(people), ignore, points, visibility, actions)
    text = format_frame(TruthSequence("1", (frame,), 1920, 1080), 0, False)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for sequence in range(sequences):
            for t in range(frames):
                archive.writestr(f"labels/all-track/{sequence + 1}/{t:06d}.xml", text)


def seconds(read: Callable[[], object]) -> float:
    """Processor time of a call."""
    start = time.process_time()
    read()
    return time.process_time() - start


def main() -> None:
    """Make the files, read them, print the times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--release", action="store_true", help="33,000 XML files too")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "20.json"
        annolist(path, 1500, 25)
        size = path.stat().st_size / 1e6
        found = seconds(lambda: list(read_results(path).values()))
        print(f"annolist of {size:.0f} MB, 37,500 people: {found:.2f} s")
        release(folder / "small.zip", 1, 4000, 0)
        found = seconds(lambda: list(read_truth(folder / "small.zip").values()))
        print(f"zip of 4,000 XML files with nobody: {found:.2f} s")
        if given.release:
            release(folder / "release.zip", 20, 1650, 20)
            found = seconds(lambda: list(read_truth(folder / "release.zip").values()))
            print(f"zip of 33,000 XML files of 20 people: {found:.1f} s")


if __name__ == "__main__":
    main()
