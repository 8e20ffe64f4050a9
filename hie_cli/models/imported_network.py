"""Somebody else's ONNX graph: its one image input, in the order, layout and type it wants."""

from typing import Any, Protocol

import numpy as np

from hie_cli.core.errors import ModelError
from hie_cli.core.types import FloatArray, Image
from hie_cli.models.onnx_bytes import check_self_contained
from hie_cli.models.runtime import resolve_device, session
from hie_cli.models.spec import InputSpec

_TYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(int32)": np.int32,
    "tensor(uint8)": np.uint8,
}


class Session(Protocol):
    """What is needed of ONNX Runtime's session."""

    def get_inputs(self) -> Any:
        """Its inputs, each with name, type and shape."""

    def run(self, names: None, feeds: dict[str, Any]) -> Any:
        """All outputs."""


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
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or len(inputs[0].shape) != 4:
            raise ModelError(f"{name}: expected a graph with one input of 4 dimensions")
        self._input = inputs[0]
        if self._input.type not in _TYPES:
            raise ModelError(f"{name}: the graph takes {self._input.type}, not images")
        shape = self._input.shape
        if 3 not in (shape[1], shape[3]):
            raise ModelError(f"{name}: the graph's input {shape} has no colour dimension of 3")
        self._mean, self._std = np.array((input.mean, input.std), np.float32)
        self._planes = shape[1] == 3
        self._batch = shape[0] if isinstance(shape[0], int) and shape[0] > 0 else None
        height, width = (shape[2], shape[3]) if self._planes else (shape[1], shape[2])
        self.any_size = not isinstance(height, int) and not isinstance(width, int)
        wanted = input.size_wh
        for side, given in ((width, wanted[0]), (height, wanted[1])):
            if isinstance(side, int) and side > 0 and side != given:
                raise ModelError(
                    f"{name}: the graph takes {width} x {height} pixels, "
                    f"the manifest's input_size says {wanted[0]} x {wanted[1]}"
                )

    def __call__(self, images: Image) -> list[FloatArray]:
        """See ``parts.Network``."""
        size = self._batch or len(images)
        parts = []
        for start in range(0, len(images), size):
            values = self._values(images[start : start + size])
            missing = size - len(values)
            if missing:
                values = np.concatenate((values, np.repeat(values[-1:], missing, axis=0)))
            try:
                outputs = self._session.run(None, {self._input.name: values})
            except Exception as error:  # whatever the runtime raises is about this graph
                reason = str(error).splitlines()[0]
                raise ModelError(f"{self._name}: the graph failed ({reason})") from None
            parts.append([np.asarray(array, np.float32)[: size - missing] for array in outputs])
        return [_join(list(same)) for same in zip(*parts, strict=True)]

    def _values(self, images: Image) -> Any:
        ordered = images[..., ::-1] if self._spec.colour == "rgb" else images
        if any(self._spec.mean) or self._spec.std != (1.0, 1.0, 1.0):
            ordered = (ordered - self._mean) / self._std
        if self._planes:
            ordered = ordered.transpose(0, 3, 1, 2)
        return np.ascontiguousarray(ordered, _TYPES[self._input.type])


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
