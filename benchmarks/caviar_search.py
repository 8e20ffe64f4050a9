"""A search for fighting in the CAVIAR runs: where the other fight comes when one is the query.

    hie run DATA/caviar -o out --until track
    python benchmarks/caviar_search.py DATA/caviar --documents out/track [--encoder out/hash]

Each run that truth.csv labels as fighting is the query, all other runs are the pool, described with
their track documents. Runs are ranked by their nearest shot, with crowd statistics counting not at
all, by default and fully; people by their nearest crop, of which the share that truth labels as
fighting is told among the first 10 and 50, beside the share among all crops of the pool. All runs
show one lobby from one camera; these are development figures, two queries.
"""

import argparse
import csv
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np

import hie_cli
from hie_cli.core.geometry import iou
from hie_cli.retrieval.search import Result
from hie_cli.retrieval.store import ItemStore, StoredItem

Truth = dict[tuple[str, int], list[tuple[list[float], str]]]


def read_truth(folder: Path) -> Truth:
    """Boxes and actions by run and frame."""
    found: Truth = defaultdict(list)
    with (folder / "truth.csv").open() as file:
        for row in csv.DictReader(file):
            box = [float(row[k]) for k in ("x1", "y1", "x2", "y2")]
            found[Path(row["video"]).stem, int(row["frame"])].append((box, row["action"]))
    return found


def fights(item: StoredItem, truth: Truth) -> bool | None:
    """Whether truth has the person of an item fighting; None where it has nobody there."""
    people = truth.get((item.video, item.start), [])
    if not people or item.box is None:
        return None
    overlaps = iou(np.array([item.box]), np.array([box for box, _ in people]))[0]
    best = int(overlaps.argmax())
    return people[best][1] == "fighting" if overlaps[best] >= 0.4 else None


def rank_of(found: list[Result], wanted: set[str]) -> tuple[int, int]:
    """(rank of the first wanted run, number of runs), runs by their first result."""
    order = list(dict.fromkeys(result.item.video for result in found))
    return next(k for k, name in enumerate(order, 1) if name in wanted), len(order)


def main() -> None:
    """Parse the command line, search and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path)
    parser.add_argument("--documents", type=Path, required=True)
    parser.add_argument("--encoder", type=Path)
    options = parser.parse_args()
    truth = read_truth(options.data)
    runs = {name for (name, _), people in truth.items() for _, a in people if a == "fighting"}
    with tempfile.TemporaryDirectory() as place:
        for level in ["shots"] if options.encoder else ["shots", "persons"]:
            index = Path(place) / level
            hie_cli.mine_index(
                options.data, output=index, documents=options.documents, levels=[level],
                encoder=options.encoder,
            )  # fmt: skip
            for name in sorted(runs):
                query = options.data / f"{name}.mp4"
                for crowd in (0.0, 0.1, 1.0) if level == "shots" else (0.0,):
                    found = hie_cli.mine_search(
                        index, query, documents=options.documents, count=1000, near=0.0, crowd=crowd
                    )
                    if level == "shots":
                        rank, count = rank_of(found, runs - {name})
                        told = f"crowd {crowd}: the other fight is run {rank} of {count}"
                    else:
                        told = of_persons(index, found, name, truth)
                    print(f"{name:<24} {level}, {told}", flush=True)


def of_persons(index: Path, found: list[Result], name: str, truth: Truth) -> str:
    """How many of the first crops found fight, and of all in the pool."""
    with ItemStore(index) as store:
        pool = [fights(item, truth) for item in store.of_level("persons") if item.video != name]
    known = [each for each in pool if each is not None]
    told = [each for result in found if (each := fights(result.item, truth)) is not None]
    return (
        f"{np.mean(told[:10]):.2f} of the first 10, {np.mean(told[:50]):.2f} of 50 fight;"
        f" {np.mean(known):.3f} of all {len(known)}"
    )


if __name__ == "__main__":
    main()
