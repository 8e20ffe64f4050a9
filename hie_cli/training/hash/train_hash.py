"""``hie train hash``: class folders in, an encoder for ``hie mine`` out."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import nn

from hie_cli.core import config as settings
from hie_cli.core.config import as_dict
from hie_cli.core.errors import ConfigError
from hie_cli.core.progress import note
from hie_cli.core.types import FloatArray
from hie_cli.pipeline.inputs import Paths, path_texts
from hie_cli.retrieval.clips import ClipLayers, ClipSampling
from hie_cli.retrieval.encoder import CARD, HashEncoder, save_encoder
from hie_cli.retrieval.features import BACKBONE, Describer
from hie_cli.retrieval.hash_centers import center_statistics, hash_centers
from hie_cli.training.engine import checkpoint
from hie_cli.training.engine.output import check_output, remove_previous
from hie_cli.training.hash.clip_head import ClipHead
from hie_cli.training.hash.data import find_items, labelled, split
from hie_cli.training.hash.learning import Head, train_head
from hie_cli.training.hash.settings import HashConfig
from hie_cli.video.video_files import find_videos

DEFAULT_CLIPS = ClipSampling()
_RESULTS = (CARD, checkpoint.NAME)  # by which a trained encoder is known


@dataclass(frozen=True)
class TrainedHash:
    """A trained encoder: its folder, its classes, and the figures of its best epoch by name."""

    folder: Path
    classes: list[str]
    numbers: dict[str, float]


def train_hash(
    data: Paths,
    *,
    video: Paths = (),
    model: str = BACKBONE,
    output: Path | str = "out/hash",
    config: settings.Files = None,
    set: settings.Sets = None,
    device: str = "auto",
    resume: bool = False,
    overwrite: bool = False,
) -> TrainedHash:
    """Learn binary codes from folders with one sub-folder a class, of images or of videos.

    A folder named ``a+b`` holds what belongs to both classes; one with a cuts.json, as
    ``mine_search`` writes it, those pieces of the videos ``video``. ``output`` is then an encoder
    for ``mine_index``. Arguments as the options of ``hie train hash``. Raises ConfigError,
    InputError or ModelError for what can be wrong.
    """
    how = settings.load(HashConfig(), config, set)
    folder = Path(output)
    check_output(folder, _RESULTS, resume=resume, overwrite=overwrite)
    folders = [Path(text) for text in path_texts(data)]
    if not folders:
        raise ConfigError("nothing to learn from: give a folder with one sub-folder a class")
    texts = path_texts(video)
    items, classes = find_items(folders, find_videos(texts) if texts else [])
    told = center_statistics(
        hash_centers(len(classes), how.bits, seed=how.seed, skip_first=how.skip_first_column)
    )
    note(
        f"{told.classes} classes in {told.bits} bits: centers {told.smallest} to {told.largest} "
        f"bits apart, {told.mean:.1f} in the mean"
    )
    training, validation = split(items, how.validation, how.seed)
    describer = Describer(model, device)
    clips = ClipSampling(how.frames, how.interval)
    learn_from = labelled(training, len(classes), describer, clips, how.clips)
    judge_by = labelled(validation, len(classes), describer, clips, how.clips)
    if overwrite:
        remove_previous(folder, _RESULTS)
    head, learned = train_head(learn_from, judge_by, how, folder, resume=resume)
    figures = learned.history[learned.best_epoch]
    numbers = {
        "best_epoch": float(learned.best_epoch),
        **{name: round(figures[name], 4) for name in ("mAP_usual", "mAP_published")},
    }
    about: dict[str, object] = {
        "classes": classes,
        "kind": "clips" if items[0].clip else "images",
        "items": len(items),
        "numbers": numbers,
        "config": as_dict(how),
    }
    save_encoder(folder, encoder_of(head, describer.name, describer.sha256, about, clips))
    return TrainedHash(folder, classes, numbers)


def encoder_of(
    head: Head,
    backbone: str,
    backbone_sha256: str,
    about: dict[str, object],
    sampling: ClipSampling = DEFAULT_CLIPS,
) -> HashEncoder:
    """The head's layers as an encoder; the scale of its inputs goes into the first one."""
    clip = None
    if isinstance(head, ClipHead):
        clip = ClipLayers(sampling, tuple(_arrays(layer) for layer in head.convolutions))
        head = head.head
    layers = [_arrays(layer) for layer in head.layers]
    layers[0] = (layers[0][0] * np.float32(head.scale), layers[0][1])
    weights, biases = zip(*layers, strict=True)
    return HashEncoder(backbone, backbone_sha256, weights, biases, about, clip)


def _arrays(layer: nn.Module) -> tuple[FloatArray, FloatArray]:
    """Weights and biases of a layer."""
    state = layer.state_dict()
    return state["weight"].numpy().copy(), state["bias"].numpy().copy()
