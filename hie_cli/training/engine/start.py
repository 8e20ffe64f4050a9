"""The weights that a training begins with."""

from torch import nn

from hie_cli.core.errors import ConfigError
from hie_cli.models.network_files import OwnWeights, PackagedNetwork
from hie_cli.models.spec import ModelSpec
from hie_cli.models.weights import checked_bytes, fill, read_state


def weights_of(spec: ModelSpec, name: str) -> nn.Module:
    """The torch module of a packaged or trained model; ConfigError for another one."""
    source = spec.network
    if isinstance(source, OwnWeights):
        data = checked_bytes(source.path, source.sha256, "train the model anew")
        built = source.like.build()
        fill(built, read_state(data, str(source.path)), str(source.path))
        return built
    if not isinstance(source, PackagedNetwork):
        raise ConfigError(
            f"{name}: its weights cannot be trained on; give a packaged network or a folder"
        )
    return source.trained()
