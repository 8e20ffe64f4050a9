"""What can be told from an ONNX file's bytes without running it.

ONNX is a protocol buffer (github.com/onnx/onnx, onnx.proto3); the field numbers below are its own.
Only what is asked for is looked at, so that a large file costs next to nothing.
"""

from collections.abc import Iterator, Sequence

from hie_cli.core.errors import ModelError

# Of each message: the fields that hold further messages, and which kind.
_INSIDE: dict[str, dict[int, str]] = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14  # of a tensor
_DEEPEST = 64  # graphs in graphs


def check_self_contained(graph: bytes, name: str) -> None:
    """Refuse a graph that keeps weights in another file. Raises ModelError, also for no graph."""
    try:
        outside = _has_external(memoryview(graph), "model", 0)
    except (IndexError, ValueError):
        raise ModelError(f"{name}: not an ONNX graph, or a damaged one") from None
    if outside:
        raise ModelError(
            f"{name}: keeps its weights in another file; put them into one first "
            "(in Python: onnx.save(onnx.load(FILE), OUT)) and import that"
        )


def _has_external(data: memoryview, kind: str, depth: int) -> bool:
    if depth > _DEEPEST:
        raise ValueError
    if kind == "tensor":
        return any(
            field == _EXTERNAL_DATA or (field == _DATA_LOCATION and value == 1)
            for field, value in _fields(data)
        )
    inside = _INSIDE[kind]
    return any(
        isinstance(value, memoryview)
        and field in inside
        and _has_external(value, inside[field], depth + 1)
        for field, value in _fields(data)
    )


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """The fields of a message: number, and value or content. Raises IndexError, ValueError."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        field, wire = key >> 3, key & 7
        if wire == 0:
            number, at = _varint(data, at)
            yield field, number
            continue
        if wire == 2:
            length, at = _varint(data, at)
        elif wire in (1, 5):
            length = 8 if wire == 1 else 4
        else:
            raise ValueError
        if at + length > len(data):
            raise ValueError
        yield field, data[at : at + length]
        at += length


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
        if shift > 63:
            raise ValueError


def with_outputs(graph: bytes, names: Sequence[str]) -> bytes:
    """The model with these values of its graph as further float outputs.

    A message that follows another one is merged with it by whoever reads them, and outputs are a
    list: nothing in ``graph`` has to be understood. Whether it has such values the runtime tells.
    """
    float_tensor = _message(2, _message(1, b"\x08\x01"))  # a TypeProto of tensors of float
    more = [_message(12, _message(1, name.encode()) + float_tensor) for name in names]
    return graph + _message(7, b"".join(more)) if more else graph


def _message(field: int, content: bytes) -> bytes:
    """A field of bytes: its key, length and content."""
    size, length = b"", len(content)
    while length > 127:
        size, length = size + bytes([length & 127 | 128]), length >> 7
    return bytes([field << 3 | 2]) + size + bytes([length]) + content
