"""The models that travel with the package: one file a network, one line each below."""

from hie_cli.models.network_files import PackagedNetwork, UntrainedNetwork
from hie_cli.models.packaged import mobilenet, movenet, nanodet, published, rcnn
from hie_cli.models.spec import ModelSpec

MODELS: tuple[ModelSpec, ...] = (
    nanodet.SPEC,
    movenet.MULTIPOSE,
    movenet.MULTIPOSE_CROP,
    movenet.THUNDER,
    movenet.LIGHTNING,
    mobilenet.SPEC,
)
NETWORKS: tuple[PackagedNetwork, ...] = (
    nanodet.NETWORK,
    movenet.MULTIPOSE_NETWORK,
    movenet.THUNDER_NETWORK,
    movenet.LIGHTNING_NETWORK,
    mobilenet.NETWORK,
)


# Networks of users' weights: of a training, or published ones that are imported.
UNTRAINED: tuple[ModelSpec, ...] = (
    nanodet.HALF,
    movenet.SIMCC,
    *published.SPECS,
    *rcnn.SPECS,
)
_WITHOUT_WEIGHTS: tuple[UntrainedNetwork, ...] = (
    nanodet.HALF_NETWORK,
    movenet.SIMCC_NETWORK,
    *published.NETWORKS,
    *rcnn.NETWORKS,
)


def network_of(model: ModelSpec) -> PackagedNetwork | UntrainedNetwork:
    """The network of a packaged model, or of one of ``UNTRAINED``."""
    every: tuple[PackagedNetwork | UntrainedNetwork, ...] = (*NETWORKS, *_WITHOUT_WEIGHTS)
    return next(network for network in every if network.name == model.architecture)
