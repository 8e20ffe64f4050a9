"""The networks that can be trained, and the weights that a training begins with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from torch import nn

from hie_cli.core.errors import ConfigError
from hie_cli.core.progress import note
from hie_cli.models import registry
from hie_cli.models.manifest import packaged
from hie_cli.models.network_files import OwnWeights, PackagedNetwork
from hie_cli.models.packaged import network_of
from hie_cli.models.spec import ModelSpec, Task
from hie_cli.models.weights import checked_bytes, fill, read_state

T = TypeVar("T")


@dataclass(frozen=True)
class Trainable(Generic[T]):
    """begin: the network as a training without ``--start`` begins · task: its losses · stages: of a
    network, the parts from its input on that can be frozen · learning_rate: the highest, where the
    settings state none.
    """

    begin: Callable[[], nn.Module]
    task: type[T]
    stages: Callable[[Any], Sequence[nn.Module]]
    learning_rate: float


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


def going_on(start: str, network: str, task: Task) -> nn.Module:
    """The module of the model ``start``, which has to be a ``network`` for ``task``."""
    spec = registry.find(start)
    if spec.task != task or spec.architecture != network:
        raise ConfigError(f"--start {start}: is a {spec.architecture}; set network to match")
    return weights_of(spec, start)


def random_weights(network: str) -> nn.Module:
    """The module of a network that comes without weights."""
    note(f"{network}: random weights; --start NAME begins with imported or trained ones")
    return network_of(packaged(network)).build()
