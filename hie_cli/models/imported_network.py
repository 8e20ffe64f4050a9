"""Somebody else's ONNX graph: its one image input, in the order, layout and type it wants."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from hie_cli.core.errors import ModelError
from hie_cli.core.types import FloatArray, Image
from hie_cli.models.onnx_bytes import check_self_contained
from hie_cli.models.runtime import resolve_device, session
from hie_cli.models.spec import InputSpec

_TYPES: dict[str, Any] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
    "tensor(uint8)": np.uint8,
}
# Further inputs that published exports have, by what is in their names, filled so that boxes come
# out in input pixels: the scale already applied (y, x), and the size of the input (x, y in
# RT-DETR's kind, y, x elsewhere).
_SIZES: tuple[tuple[str, Callable[[int, int], tuple[float, float]]], ...] = (
    ("scale", lambda height, width: (1, 1)),
    ("orig", lambda height, width: (width, height)),
    ("target_size", lambda height, width: (width, height)),
    ("shape", lambda height, width: (height, width)),
    ("size", lambda height, width: (height, width)),
)


def _filled(name: str, height: int, width: int) -> tuple[float, float] | None:
    """What the further input ``name`` of a graph is given; None where nobody knows."""
    return next((fill(height, width) for part, fill in _SIZES if part in name.lower()), None)


class Session(Protocol):
    """What is needed of ONNX Runtime's session."""

    def get_inputs(self) -> Any:
        """Its inputs, each with name, type and shape."""

    def run(self, names: None, feeds: dict[str, Any]) -> Any:
        """All outputs."""


@dataclass(frozen=True)
class Ports:
    """A graph's inputs: the image, and those that ``_filled`` knows.

    ``planes``: colours come before height and width · ``batch``, ``height``, ``width``: None where
    they are free · ``rank``: 3 for a graph of one image without batch.
    """

    image: Any
    sizes: tuple[Any, ...]
    rank: int
    planes: bool
    batch: int | None
    height: int | None
    width: int | None

    @classmethod
    def of(cls, session: Session, name: str) -> "Ports":
        """Read from a session. ModelError where the inputs are no image's."""
        inputs = list(session.get_inputs())
        images = [port for port in inputs if len(port.shape) in (3, 4)]
        others = tuple(port for port in inputs if _filled(port.name, 1, 1) and port not in images)
        if len(images) != 1 or len(others) != len(inputs) - 1:
            names = ", ".join(f"{port.name} {port.shape}" for port in inputs) or "nothing"
            raise ModelError(f"{name}: expected a graph of one image, this one takes {names}")
        (image,) = images
        if image.type not in _TYPES:
            raise ModelError(f"{name}: the graph takes {image.type}, not images")
        shape = list(image.shape)
        if len(shape) == 3:
            shape.insert(0, 1)
        if 3 not in (shape[1], shape[3]):
            raise ModelError(f"{name}: the graph's input {shape} has no colour dimension of 3")
        planes = shape[1] == 3
        batch, height, width = (
            side if isinstance(side, int) and side > 0 else None
            for side in (shape[0], *(shape[2:] if planes else shape[1:3]))
        )
        return cls(image, others, len(image.shape), planes, batch, height, width)


def open_network(
    graph: bytes, name: str, input: InputSpec, device: str, threads: int | None
) -> "ImportedNetwork":
    """The graph on ``device``. Raises ModelError, also where weights lie in another file."""
    check_self_contained(graph, name)
    # An ONNX file runs on ONNX Runtime, whose CUDA build is a package of its own: auto is cpu.
    place = "cpu" if device == "auto" else resolve_device(device)
    return ImportedNetwork(session(graph, name, threads, device=place), name, input)


class ImportedNetwork:
    """A graph of one image input; see ``parts.Network``.

    Colour order, layout (N, 3, H, W) or (N, H, W, 3), number type and a fixed batch size are
    taken care of here. Outputs of different lengths (a graph with suppression inside, run image by
    image) are filled up with zeros, so with people of score 0.
    """

    def __init__(self, session: Session, name: str, input: InputSpec) -> None:
        self._session, self._name, self._spec = session, name, input
        self.ports = Ports.of(session, name)
        self._mean, self._std = np.array((input.mean, input.std), np.float32)
        self.any_size = self.ports.height is None and self.ports.width is None
        width, height = self.ports.width, self.ports.height
        wanted = input.size_wh
        for side, given in ((width, wanted[0]), (height, wanted[1])):
            if side is not None and side != given:
                raise ModelError(
                    f"{name}: the graph takes {width} x {height} pixels, "
                    f"the manifest's input_size says {wanted[0]} x {wanted[1]}"
                )

    def __call__(self, images: Image) -> list[FloatArray]:
        """See ``parts.Network``."""
        size = 1 if not self._spec.batched else self._spec.batch or self.ports.batch or len(images)
        parts = []
        for start in range(0, len(images), size):
            values = self._values(images[start : start + size])
            missing = size - len(values)
            if missing:
                values = np.concatenate((values, np.repeat(values[-1:], missing, axis=0)))
            outputs = self._run(values)
            if not self._spec.batched:
                outputs = [array[None] for array in outputs]
            parts.append([array[: size - missing] for array in outputs])
        return [_join(list(same)) for same in zip(*parts, strict=True)]

    def _run(self, values: Any) -> list[FloatArray]:
        """All outputs for a batch as the graph wants it."""
        height, width = values.shape[2:] if self.ports.planes else values.shape[1:3]
        feeds = {self.ports.image.name: values if self.ports.rank == 4 else values[0]}
        for port in self.ports.sizes:
            size = np.array([_filled(port.name, height, width)] * len(values), _TYPES[port.type])
            feeds[port.name] = size if len(port.shape) == 2 else size[0]
        try:
            outputs = self._session.run(None, feeds)
        except ModelError:
            raise
        except Exception as error:  # whatever the runtime raises is about this graph
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ModelError(f"{self._name}: the graph failed ({reason})") from None
        return [np.asarray(array, np.float32) for array in outputs]

    def _values(self, images: Image) -> Any:
        ordered = images[..., ::-1] if self._spec.colour == "rgb" else images
        if any(self._spec.mean) or self._spec.std != (1.0, 1.0, 1.0):
            ordered = (ordered - self._mean) / self._std
        if self.ports.planes:
            ordered = ordered.transpose(0, 3, 1, 2)
        return np.ascontiguousarray(ordered, _TYPES[self.ports.image.type])


def _join(parts: list[FloatArray]) -> FloatArray:
    if len(parts) == 1 or parts[0].ndim < 2:
        return parts[0] if len(parts) == 1 else np.concatenate(parts)
    longest = max(part.shape[1] for part in parts)
    return np.concatenate(
        [
            np.pad(part, [(0, 0), (0, longest - part.shape[1])] + [(0, 0)] * (part.ndim - 2))
            for part in parts
        ]
    )
