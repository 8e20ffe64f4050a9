"""Where networks come from: the package's files, the user's weights for them, an ONNX file."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hie_cli.core.errors import ModelError
from hie_cli.models import weights
from hie_cli.models.parts import Network
from hie_cli.models.spec import InputSpec

if TYPE_CHECKING:
    from torch import nn

REPAIR = "reinstall hie, or run `make weights` in a checkout"


@dataclass(frozen=True)
class QuantisedNetwork:
    """``hie_cli/weights/NAME-int8.onnx`` by its sha256: a network in 8 bits, with its weights.

    ``tools/quantise_weights.py`` makes it.
    """

    name: str
    sha256: str

    @property
    def path(self) -> Path:
        """The file."""
        return weights.PACKAGED / f"{self.name}-int8.onnx"

    def open(self, input: InputSpec, device: str, threads: int | None) -> Network:
        """See ``spec.NetworkSource``; it runs on the CPU only."""
        from hie_cli.models import runtime

        graph = weights.checked_bytes(self.path, self.sha256, REPAIR)
        return runtime.OnnxNetwork(graph, {}, str(self.path), threads)

    def files(self) -> tuple[tuple[str, str | None], ...]:
        """See ``spec.NetworkSource``."""
        return ((self.path.name, problem(self.path, self.sha256, REPAIR)),)


@dataclass(frozen=True)
class PackagedNetwork:
    """``hie_cli/weights/NAME.safetensors`` and its graph ``NAME.onnx``, by their sha256.

    ``build``: the same network as a torch module, with random weights · ``int8``: the same network
    in 8 bits, for CPUs, where there is one.
    """

    name: str
    sha256: str
    graph_sha256: str
    build: Callable[[], "nn.Module"]
    int8: QuantisedNetwork | None = None

    def state(self) -> weights.State:
        """The packaged weights; ModelError unless intact."""
        path = weights.PACKAGED / f"{self.name}.safetensors"
        return weights.read_state(weights.checked_bytes(path, self.sha256, REPAIR), str(path))

    def trained(self) -> "nn.Module":
        """The torch module with the packaged weights, to be trained on."""
        built = self.build()
        weights.fill(built, self.state(), self.name)
        return built

    def open(self, input: InputSpec, device: str, threads: int | None) -> Network:
        """See ``spec.NetworkSource``."""
        return self.run(self.state(), self.name, device, threads)

    def run(self, state: weights.State, origin: str, device: str, threads: int | None) -> Network:
        """The network with ``state``: on the CPU ONNX Runtime, elsewhere torch."""
        return _run(self, state, origin, device, threads)

    def files(self) -> tuple[tuple[str, str | None], ...]:
        """See ``spec.NetworkSource``."""
        named = (
            (f"{self.name}.safetensors", self.sha256),
            (f"{self.name}.onnx", self.graph_sha256),
        )
        rows = tuple(
            (name, problem(weights.PACKAGED / name, sha256, REPAIR)) for name, sha256 in named
        )
        return (*rows, *(self.int8.files() if self.int8 else ()))

    def size(self) -> int | None:
        """Bytes of its files; None where one is missing."""
        names = (f"{self.name}.safetensors", f"{self.name}.onnx")
        return size_of(*(weights.PACKAGED / name for name in names))


@dataclass(frozen=True)
class UntrainedNetwork:
    """``hie_cli/weights/NAME.onnx``: a network whose weights are a user's.

    ``build``: the same network as a torch module, with random weights · ``graph_sha256``: of the
    file; empty where there is none, and torch runs the network on the CPU as well ·
    ``present_name``: from a layer's name in any published file to that in the module.
    """

    name: str
    graph_sha256: str
    build: Callable[[], "nn.Module"]
    sha256: str = ""
    present_name: Callable[[str], str] = str

    def open(self, input: InputSpec, device: str, threads: int | None) -> Network:
        """ModelError: it has no weights."""
        raise ModelError(f"{self.name}: comes without weights; train or import them")

    def run(self, state: weights.State, origin: str, device: str, threads: int | None) -> Network:
        """See ``PackagedNetwork.run``."""
        return _run(self, state, origin, device, threads)

    def files(self) -> tuple[tuple[str, str | None], ...]:
        """See ``spec.NetworkSource``."""
        path = weights.PACKAGED / f"{self.name}.onnx"
        if not self.graph_sha256:
            return ()
        return ((path.name, problem(path, self.graph_sha256, REPAIR)),)


def _run(
    network: "PackagedNetwork | UntrainedNetwork", state: weights.State, origin: str, device: str,
    threads: int | None,
) -> Network:  # fmt: skip
    """``network`` with ``state``: on the CPU ONNX Runtime, elsewhere torch."""
    from hie_cli.models import runtime

    place = runtime.resolve_device(device)
    if place != "cpu" or not network.graph_sha256:
        built = network.build()
        weights.fill(built, state, origin)
        # What could be written down as a graph does the same for every picture.
        return runtime.TorchNetwork(built, place, threads, fixed=bool(network.graph_sha256))
    path = weights.PACKAGED / f"{network.name}.onnx"
    graph = weights.checked_bytes(path, network.graph_sha256, REPAIR)
    return runtime.OnnxNetwork(graph, state, origin, threads)


@dataclass(frozen=True)
class OwnWeights:
    """The user's weights, a safetensors file, for one of our networks."""

    path: Path
    sha256: str
    like: PackagedNetwork | UntrainedNetwork

    def open(self, input: InputSpec, device: str, threads: int | None) -> Network:
        """See ``spec.NetworkSource``."""
        data = weights.checked_bytes(self.path, self.sha256, IMPORT_AGAIN)
        origin = str(self.path)
        return self.like.run(weights.read_state(data, origin), origin, device, threads)

    def files(self) -> tuple[tuple[str, str | None], ...]:
        """See ``spec.NetworkSource``."""
        return ((self.path.name, problem(self.path, self.sha256, IMPORT_AGAIN)),)

    def size(self) -> int | None:
        """Bytes of its file; None where it is missing."""
        return size_of(self.path)


@dataclass(frozen=True)
class OnnxFile:
    """The user's ONNX file."""

    path: Path
    sha256: str

    def open(self, input: InputSpec, device: str, threads: int | None) -> Network:
        """See ``spec.NetworkSource``."""
        from hie_cli.models.imported_network import open_network

        data = weights.checked_bytes(self.path, self.sha256, IMPORT_AGAIN)
        return open_network(data, self.path.parent.name, input, device, threads)

    def files(self) -> tuple[tuple[str, str | None], ...]:
        """See ``spec.NetworkSource``."""
        return ((self.path.name, problem(self.path, self.sha256, IMPORT_AGAIN)),)

    def size(self) -> int | None:
        """Bytes of its file; None where it is missing."""
        return size_of(self.path)


IMPORT_AGAIN = "import it again with `hie models import`"


def problem(path: Path, sha256: str, fix: str) -> str | None:
    """What is wrong with a file, in words; None if nothing is."""
    try:
        weights.checked_bytes(path, sha256, fix)
    except ModelError as error:
        return str(error)
    return None


def size_of(*paths: Path) -> int | None:
    """Bytes of several files together; None where one is missing."""
    try:
        return sum(path.stat().st_size for path in paths)
    except OSError:
        return None
