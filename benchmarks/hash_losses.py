"""Codes of CIFAR-10 from frozen features: CSQ beside other losses, ITQ, projections and cosine.

    python benchmarks/hash_losses.py cifar10-small.zip --cache features.npz

The archive holds train/, database/ and query/ folders with a folder a class. Each image is
enlarged to 224 x 224 and described by the packaged MobileNetV2; the heads are trained with the
settings of configs/train-hash.yaml, a tenth of the training images held out to choose the epoch.
Both readings of mAP over the whole database, mean and standard deviation over the seeds.
"""

import argparse
import tempfile
import zipfile
from pathlib import Path

import cv2
import numpy as np

from hie_cli.evaluation.metrics.retrieval_map import RetrievalMap, retrieval_map
from hie_cli.retrieval.codes import hamming_distances, pack_bits, sign_bits
from hie_cli.retrieval.encoder import projections
from hie_cli.retrieval.features import BACKBONE, Describer
from hie_cli.training.hash.learning import Labelled, ranking, train_head
from hie_cli.training.hash.settings import HashConfig

LOSSES = ("csq", "dpsh", "hashnet", "dtsh")
PARTS = ("train", "database", "query")


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


def relevance(data: dict[str, Labelled]) -> np.ndarray:
    """(queries, database)."""
    left, right = data["query"].labels, data["database"].labels
    return left.astype(int) @ right.T.astype(int) > 0


def itq(train: np.ndarray, bits: int, seed: int, rounds: int = 50):
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


def of_codes(data: dict[str, Labelled], encode) -> RetrievalMap:
    """mAP with codes by ``encode``."""
    distances = hamming_distances(encode(data["query"].features), encode(data["database"].features))
    return retrieval_map(distances, relevance(data))


def row(name: str, bits: int, found: list[RetrievalMap]) -> None:
    """Print one line of the table."""
    usual, published = [f.usual for f in found], [f.published for f in found]
    print(f"{name:<12} {bits:4d}   {np.mean(usual):.3f} ±{np.std(usual):.3f}   "
          f"{np.mean(published):.3f} ±{np.std(published):.3f}", flush=True)  # fmt: skip


def main() -> None:
    """Parse the command line, measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--cache", type=Path, default=Path("features.npz"))
    parser.add_argument("--bits", type=int, nargs="+", default=[16, 32, 64])
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    data = features(options.archive, options.cache)
    print({name: len(part) for name, part in data.items()})
    print("method       bits   mAP usual      mAP published")
    cosine = -data["query"].features @ data["database"].features.T
    row("cosine", 0, [retrieval_map(cosine, relevance(data))])
    for bits in options.bits:
        for loss in LOSSES:
            found = []
            for seed in range(options.seeds):
                config = HashConfig(bits=bits, loss=loss, seed=seed)
                train, val = held_out(data["train"], seed)
                with tempfile.TemporaryDirectory() as folder:
                    head, _ = train_head(train, val, config, Path(folder))
                found.append(ranking(head, data["query"], data["database"]))
            row(loss, bits, found)
        seeds = range(options.seeds)
        learned = data["train"].features
        row("itq", bits, [of_codes(data, itq(learned, bits, seed)) for seed in seeds])
        encoders = [projections(learned, bits, BACKBONE, "", seed) for seed in seeds]
        row("projections", bits, [of_codes(data, e.encode) for e in encoders])


if __name__ == "__main__":
    main()
