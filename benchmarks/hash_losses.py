"""Codes of CIFAR-10 from frozen features: CSQ beside other losses, ITQ, projections and cosine.

    python benchmarks/hash_losses.py cifar10-small.zip --cache features.npz --results runs.jsonl

The archive holds train/, database/ and query/ folders with a folder a class. Each image is
enlarged to 224 x 224 and described by the packaged MobileNetV2; its features are reduced to the
training images' first principal components (--components, 0 keeps all: slower by far), the same for
all methods. Heads of one shape are trained on them with each loss, a tenth of the training images
held out. By a search within that tenth, at 32 bits and with a seed of its own, each loss's highest
learning rate is chosen among five, then the weight of its quantisation loss between the published
one and a tenth of it; the queries take no part in it. Then every loss, length and seed is trained
and both readings of mAP over the whole database are printed, mean and standard deviation over the
seeds, paired differences to CSQ beside them.

Every training is a line of RESULTS: what is there is not trained again, and --minutes stops early.
"""

import argparse
import json
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from hie_cli.evaluation.metrics.retrieval_map import RetrievalMap, retrieval_map
from hie_cli.retrieval.codes import Bits, hamming_distances, pack_bits, sign_bits
from hie_cli.retrieval.encoder import projections
from hie_cli.retrieval.features import BACKBONE, Describer
from hie_cli.training.hash.learning import Labelled, ranking, train_head
from hie_cli.training.hash.settings import HashConfig

PARTS = ("train", "database", "query")
PUBLISHED = {"csq": 0.05, "dpsh": 0.1, "hashnet": 0.0, "dtsh": 1.0}  # weights of quantisation
RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01)
CHOICE_BITS, CHOICE_SEED = 32, 100


@dataclass(frozen=True)
class Arm:
    """One training."""

    loss: str
    bits: int
    seed: int
    components: int
    epochs: int
    rate: float
    quantisation: float


class Runs:
    """The trainings that are done, as lines of a file."""

    def __init__(self, path: Path, data: dict[str, Labelled], until: float) -> None:
        self.path, self.data, self.until = path, data, until
        lines = path.read_text().splitlines() if path.exists() else []
        records = [json.loads(line) for line in lines]
        self.done = {json.dumps(record.pop("arm")): record for record in records}

    def __call__(self, arm: Arm) -> dict[str, float]:
        """Figures of ``arm``, trained where it was not yet. SystemExit past the time."""
        key = json.dumps(asdict(arm))
        if key not in self.done:
            if time.monotonic() > self.until:
                raise SystemExit("time is up; run again to go on")
            self.done[key] = self._train(arm)
            with self.path.open("a") as file:
                file.write(json.dumps({"arm": asdict(arm), **self.done[key]}) + "\n")
        return self.done[key]

    def _train(self, arm: Arm) -> dict[str, float]:
        start = time.process_time()
        config = HashConfig(
            bits=arm.bits, loss=arm.loss, seed=arm.seed, epochs=arm.epochs,
            learning_rate=arm.rate, quantisation=arm.quantisation,
        )  # fmt: skip
        train, val = held_out(self.data["train"], arm.seed)
        with tempfile.TemporaryDirectory() as folder:
            head, learned = train_head(train, val, config, Path(folder))
        best = learned.history[learned.best_epoch]
        figures = {"held_out": best["mAP_usual"], "best_epoch": float(learned.best_epoch)}
        if arm.seed != CHOICE_SEED:
            found = ranking(head, self.data["query"], self.data["database"])
            learnt = ranking(head, train, train)
            figures |= {"usual": found.usual, "published": found.published, "fit": learnt.usual}
        return {**figures, "seconds": round(time.process_time() - start, 1)}


def chosen(loss: str, runs: Runs, components: int, epochs: int) -> Arm:
    """The learning rate and quantisation of a loss that rank its held-out images best."""
    first = Arm(loss, CHOICE_BITS, CHOICE_SEED, components, epochs, 0.0, PUBLISHED[loss])
    best = max((replace(first, rate=r) for r in RATES), key=lambda arm: runs(arm)["held_out"])
    if not PUBLISHED[loss]:
        return best
    milder = replace(best, quantisation=PUBLISHED[loss] / 10)
    return max([best, milder], key=lambda arm: runs(arm)["held_out"])


def features(archive: Path, cache: Path) -> dict[str, Labelled]:
    """The parts' features and labels; computed once."""
    if not cache.exists():
        with zipfile.ZipFile(archive) as pack:
            names = sorted(n for n in pack.namelist() if n.lower().endswith((".jpg", ".png")))
            describer, rows = Describer(BACKBONE), []
            for first in range(0, len(names), 64):
                raw = [np.frombuffer(pack.read(n), np.uint8) for n in names[first : first + 64]]
                images = [
                    cv2.resize(cv2.imdecode(data, cv2.IMREAD_COLOR), (224, 224),
                               interpolation=cv2.INTER_CUBIC) for data in raw
                ]  # fmt: skip
                rows.append(describer.images(images))
        np.savez(cache, f=np.concatenate(rows), n=np.array(names))
    saved = np.load(cache)
    names = [str(n).split("/") for n in saved["n"]]
    classes = sorted({n[-2] for n in names})
    found = {}
    for part in PARTS:
        rows = [i for i, n in enumerate(names) if part in n]
        labels = np.array([classes.index(names[i][-2]) for i in rows])
        found[part] = Labelled(saved["f"][rows], labels[:, None] == np.arange(len(classes)))
    return found


def reduced(data: dict[str, Labelled], components: int, cache: Path) -> dict[str, Labelled]:
    """The same by principal components of the training features, each row of length 1.

    Computed once and kept in ``cache``.
    """
    if not cache.exists():
        learned = data["train"].features
        mean = learned.mean(axis=0)
        _, _, axes = np.linalg.svd(learned - mean, full_matrices=False)
        rows = {name: (part.features - mean) @ axes[:components].T for name, part in data.items()}
        np.savez(cache, **rows)
    saved = np.load(cache)
    lengths = {name: np.linalg.norm(saved[name], axis=1, keepdims=True) for name in data}
    return {
        name: Labelled((saved[name] / lengths[name]).astype(np.float32), part.labels)
        for name, part in data.items()
    }


def relevance(data: dict[str, Labelled]) -> np.ndarray:
    """(queries, database)."""
    left, right = data["query"].labels, data["database"].labels
    return left.astype(int) @ right.T.astype(int) > 0


def itq(train: np.ndarray, bits: int, seed: int, rounds: int = 50) -> Callable[[np.ndarray], Bits]:
    """Iterative quantisation (Gong and Lazebnik 2011): a function from features to codes."""
    mean = train.mean(axis=0)
    _, _, axes = np.linalg.svd(train - mean, full_matrices=False)
    low = (train - mean) @ axes[:bits].T
    rotation = np.linalg.qr(np.random.default_rng(seed).normal(size=(bits, bits)))[0]
    for _ in range(rounds):
        signs = np.where(low @ rotation >= 0, 1.0, -1.0)
        left, _, right = np.linalg.svd(signs.T @ low)
        rotation = (left @ right).T
    return lambda values: pack_bits(sign_bits((values - mean) @ axes[:bits].T @ rotation))


def held_out(data: Labelled, seed: int, share: float = 0.1) -> tuple[Labelled, Labelled]:
    """Training and validation."""
    order = np.random.default_rng(seed).permutation(len(data))
    cut = round(share * len(data))
    val, train = order[:cut], order[cut:]
    return (
        Labelled(data.features[train], data.labels[train]),
        Labelled(data.features[val], data.labels[val]),
    )


def of_codes(data: dict[str, Labelled], encode: Callable[[np.ndarray], Bits]) -> RetrievalMap:
    """mAP with codes by ``encode``."""
    distances = hamming_distances(encode(data["query"].features), encode(data["database"].features))
    return retrieval_map(distances, relevance(data))


def of_cosine(data: dict[str, Labelled]) -> RetrievalMap:
    """mAP without codes."""
    return retrieval_map(-data["query"].features @ data["database"].features.T, relevance(data))


def row(name: str, bits: int, found: list[RetrievalMap], more: str = "") -> None:
    """Print one line of the table."""
    told = [
        f"{np.mean(values):.3f} ±{np.std(values):.3f}"
        for values in ([f.usual for f in found], [f.published for f in found])
    ]
    print(f"{name:<12} {bits:4d}   {told[0]}   {told[1]}  {more}".rstrip(), flush=True)


def unlearned(
    data: dict[str, Labelled], bits: int, seeds: range
) -> Iterator[tuple[str, list[RetrievalMap]]]:
    """Codes that need no labels."""
    learned = data["train"].features
    yield "itq", [of_codes(data, itq(learned, bits, seed)) for seed in seeds]
    encoders = [projections(learned, bits, BACKBONE, "", seed) for seed in seeds]
    yield "projections", [of_codes(data, e.encode) for e in encoders]


def table(runs: Runs, settings: dict[str, Arm], lengths: list[int], seeds: range) -> None:
    """Print a line a method and length."""
    for bits in lengths:
        of_csq = np.zeros(len(seeds))
        for loss, arm in settings.items():
            figures = [runs(replace(arm, bits=bits, seed=seed)) for seed in seeds]
            usual = np.array([f["usual"] for f in figures])
            of_csq = usual if loss == "csq" else of_csq
            apart, fit = usual - of_csq, np.mean([f["fit"] for f in figures])
            more = f"to csq {apart.min():+.3f} to {apart.max():+.3f}; on its training {fit:.3f}"
            row(loss, bits, [RetrievalMap(f["published"], f["usual"], 0, 0) for f in figures], more)
        for name, maps in unlearned(runs.data, bits, seeds):
            row(name, bits, maps)


def main() -> None:
    """Parse the command line, measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--cache", type=Path, default=Path("features.npz"))
    parser.add_argument("--results", type=Path, default=Path("hash_losses.jsonl"))
    parser.add_argument("--bits", type=int, nargs="+", default=[16, 32, 64])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--components", type=int, default=256)
    parser.add_argument("--minutes", type=float, default=1e9)
    options = parser.parse_args()
    data = whole = features(options.archive, options.cache)
    if options.components:
        kept = options.cache.with_name(f"{options.cache.stem}-{options.components}.npz")
        data = reduced(data, options.components, kept)
    runs = Runs(options.results, data, time.monotonic() + 60 * options.minutes)
    settings = {loss: chosen(loss, runs, options.components, options.epochs) for loss in PUBLISHED}
    for loss, arm in settings.items():
        print(f"{loss}: rate {arm.rate}, quantisation {arm.quantisation},"
              f" held-out mAP {runs(arm)['held_out']:.3f}", flush=True)  # fmt: skip
    seeds = range(options.seeds)
    for seed in seeds:  # so that what is interrupted has compared all losses
        for bits in options.bits:
            for arm in settings.values():
                runs(replace(arm, bits=bits, seed=seed))
    print("method       bits   mAP usual      mAP published")
    row("cosine", 0, [of_cosine(whole)], "of all features")
    row("cosine", 0, [of_cosine(data)])
    table(runs, settings, options.bits, seeds)


if __name__ == "__main__":
    main()
