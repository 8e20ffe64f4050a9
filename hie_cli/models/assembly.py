"""Putting a model together: its record, its network, its decoder."""

from typing import cast

import numpy as np

from hie_cli.core.errors import ModelError
from hie_cli.models.appearance import CropEmbedder
from hie_cli.models.base import AppearanceModel, Detector, PoseEstimator
from hie_cli.models.detectors import ImageDetector
from hie_cli.models.estimators import CropEstimator
from hie_cli.models.parts import EmbeddingDecoder, Network, PeopleDecoder, PoseDecoder
from hie_cli.models.runtime import OnnxNetwork, TorchNetwork
from hie_cli.models.spec import ModelSpec

Loaded = Detector | PoseEstimator | AppearanceModel


def assemble(spec: ModelSpec, network: Network) -> Loaded:
    """The model that ``spec`` describes, round ``network``; ModelError for a task without one."""
    if spec.decoder is None:
        raise ModelError(f"model {spec.name!r} has no decoder")
    if spec.task == "detect":
        return ImageDetector(spec, network, cast(PeopleDecoder, spec.decoder))
    if spec.task == "pose":
        decoder = cast(PoseDecoder, spec.decoder)
        if isinstance(network, OnnxNetwork):  # two crops at a time stay in the processor's cache
            return CropEstimator(spec, network, decoder, batch=2)
        most = network.most_crops if isinstance(network, TorchNetwork) else CropEstimator.batch
        return CropEstimator(spec, network, decoder, batch=most)
    if spec.task == "appearance":
        return CropEmbedder(spec, network, cast(EmbeddingDecoder, spec.decoder))
    raise ModelError(f"model {spec.name!r} is for {spec.task}, not for people in images")


def probe(model: Loaded) -> None:
    """Run ``model`` once on a grey image; ModelError where graph and decoder do not fit."""
    image = np.full((480, 640, 3), 127, np.uint8)
    if isinstance(model, ImageDetector):
        model.detect([image])
    elif isinstance(model, CropEstimator):
        model.estimate([image], [np.array([[200, 100, 300, 400]], np.float32)])
    elif isinstance(model, CropEmbedder):
        model.embed([image], [np.array([[200, 100, 300, 400], [0, 0, 90, 200]], np.float32)])
