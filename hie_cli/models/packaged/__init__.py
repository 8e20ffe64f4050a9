"""The models that travel with the package: one file a network, one line each below."""

from hie_cli.models.network_files import PackagedNetwork
from hie_cli.models.packaged import mobilenet, movenet, nanodet
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


def network_of(model: ModelSpec) -> PackagedNetwork:
    """The packaged network of a packaged model."""
    return next(network for network in NETWORKS if network.name == model.architecture)
