"""A hash head as a task for ``training.engine``: batches, loss, validation."""

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hie_cli.core.config import as_dict
from hie_cli.core.types import FloatArray
from hie_cli.evaluation.metrics.retrieval_map import RetrievalMap, retrieval_map
from hie_cli.retrieval.codes import hamming_distances, pack_bits, sign_bits
from hie_cli.retrieval.hash_centers import hash_centers, tie_vector
from hie_cli.training.engine.loop import Figures, Learned, Optimisation, learn
from hie_cli.training.hash.clip_head import ClipHead
from hie_cli.training.hash.head import HashHead
from hie_cli.training.hash.losses import (
    CentralSimilarity,
    HashLoss,
    PairwiseLikelihood,
    TripletLikelihood,
    WeightedContinuation,
)
from hie_cli.training.hash.settings import HashConfig

Head = HashHead | ClipHead
FREE = ("epochs", "patience")  # settings that may change on resume


@dataclass(frozen=True)
class Labelled:
    """Features float32 (N, D), of clips (N, T, D), and labels (N, K) bool."""

    features: FloatArray
    labels: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.features)


def loss_of(config: HashConfig, classes: int, clips: bool) -> HashLoss:
    """The loss that the settings name; CSQ of clips has no quantisation term, as published."""
    if config.loss == "dpsh":
        return PairwiseLikelihood(config.quantisation)
    if config.loss == "hashnet":
        return WeightedContinuation()
    if config.loss == "dtsh":
        return TripletLikelihood(config.quantisation)
    centers = hash_centers(
        classes, config.bits, seed=config.seed, skip_first=config.skip_first_column
    )
    ties = tie_vector(config.bits, config.seed)
    weight = 0.0 if clips else config.quantisation
    return CentralSimilarity(torch.from_numpy(centers), torch.from_numpy(ties), weight)


def codes_of(head: Head, features: FloatArray) -> NDArray[np.uint8]:
    """Packed codes of features (N, D), of clips (N, T, D)."""
    head.eval()
    with torch.no_grad():
        return pack_bits(sign_bits(head(torch.from_numpy(features)).numpy()))


def ranking(
    head: Head, queries: Labelled, database: Labelled, returned: int | None = None
) -> RetrievalMap:
    """mAP of ``queries`` in ``database``."""
    distances = hamming_distances(
        codes_of(head, queries.features), codes_of(head, database.features)
    )
    relevance = queries.labels.astype(np.int64) @ database.labels.T.astype(np.int64) > 0
    return retrieval_map(distances, relevance, returned)


def among_themselves(head: Head, data: Labelled) -> RetrievalMap:
    """mAP of each item of ``data`` as a query in all the others."""
    codes = codes_of(head, data.features)
    distances = hamming_distances(codes, codes)
    relevance = data.labels.astype(np.int64) @ data.labels.T.astype(np.int64) > 0
    np.fill_diagonal(distances, np.iinfo(distances.dtype).max)
    np.fill_diagonal(relevance, False)
    return retrieval_map(distances, relevance)


class HashTask:
    """Codes learned from ``training``, judged by searching ``validation``.

    Its items are sought among each other: an index holds what training has not seen, and among
    training items memory would pass for likeness. Where a class has a single one, among those of
    ``training``.
    """

    def __init__(
        self, head: Head, training: Labelled, validation: Labelled, loss: HashLoss,
        config: HashConfig,
    ) -> None:  # fmt: skip
        self.head, self.criterion, self.config = head, loss, config
        self.training, self.validation = training, validation
        self.features = torch.from_numpy(training.features)
        self.labels = torch.from_numpy(training.labels)
        self.step = 0

    @property
    def batches_per_epoch(self) -> int:
        """See ``engine.loop.Task``."""
        return -(-len(self.training) // self.config.batch)

    @property
    def data(self) -> list[int]:
        """See ``engine.loop.Task``."""
        parts = (self.training, self.validation)
        return [zlib.crc32(part.features.tobytes() + part.labels.tobytes()) for part in parts]

    def batches(self, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """See ``engine.loop.Task``."""
        order = torch.randperm(len(self.training))
        self.step = epoch * self.batches_per_epoch
        for part in torch.split(order, self.config.batch):
            yield self.features[part], self.labels[part]
            self.step += 1

    def loss(self, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, int]:
        """See ``engine.loop.Task``."""
        features, labels = batch
        progress = self.step / (self.config.epochs * self.batches_per_epoch)
        return self.criterion(self.head(features), labels, progress), len(features)

    def finish_epoch(self) -> None:
        """See ``engine.loop.Task``."""

    def validate(self) -> Figures:
        """See ``engine.loop.Task``."""
        alone = self.validation.labels.sum(axis=0).min() < 2
        found = (
            ranking(self.head, self.validation, self.training)
            if alone
            else among_themselves(self.head, self.validation)
        )
        return {"mAP_usual": found.usual, "mAP_published": found.published}


def train_head(
    training: Labelled,
    validation: Labelled,
    config: HashConfig,
    folder: Path,
    *,
    resume: bool = False,
) -> tuple[Head, Learned]:
    """The head with its best epoch's weights; checkpoints go to ``folder``."""
    torch.manual_seed(config.seed)
    clips = training.features.ndim == 3
    width = training.features.shape[-1]
    head: Head = (
        ClipHead(width, config.bits) if clips else HashHead(width, config.bits, config.dropout)
    )
    loss = loss_of(config, training.labels.shape[1], clips)
    kept = {k: v for k, v in as_dict(config).items() if k not in FREE}
    how = Optimisation(
        config.epochs, config.learning_rate, config.weight_decay, config.warm_up,
        config.clip_gradient, config.patience, config.select, config.seed,
        json.dumps({**kept, "clips": clips}, sort_keys=True),
    )  # fmt: skip
    task = HashTask(head, training, validation, loss, config)
    learned = learn(head, task, how, folder, resume=resume)
    return head.eval(), learned
