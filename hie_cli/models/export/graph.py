"""A torch module as an ONNX graph with its metadata, in one precision or another."""

import io
import logging
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from hie_cli.core.errors import ConfigError
from hie_cli.core.types import FloatArray

if TYPE_CHECKING:
    from torch import nn

_OPSET = 17
INPUT = "images"


def require_onnx() -> Any:
    """The optional package; ConfigError where it is not installed."""
    try:
        import onnx
    except ImportError:
        raise ConfigError(
            "exporting needs onnx, which is not installed; pip install 'hie[export]'"
        ) from None
    return onnx


def to_onnx(
    module: "nn.Module", outputs: Sequence[str], size_wh: tuple[int, int], any_size: bool,
    metadata: Mapping[str, str],
) -> bytes:  # fmt: skip
    """The graph of ``module`` with its weights; any batch, and any size where it takes one."""
    onnx = require_onnx()
    import torch

    width, height = size_wh
    axes = {INPUT: {0: "batch", 2: "height", 3: "width"} if any_size else {0: "batch"}}
    for name in outputs:
        axes[name] = {0: "batch"}
    buffer: Any = io.BytesIO()  # which the exporter takes, whatever its annotation says
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the exporter's own deprecations and tracer notes
        torch.onnx.export(
            module.eval(), (torch.zeros(2, 3, height, width),), buffer, input_names=[INPUT],
            output_names=list(outputs), dynamic_axes=axes,
            opset_version=_OPSET, dynamo=False,
        )  # fmt: skip
    model = onnx.load_from_string(buffer.getvalue())
    return labelled(model, metadata)


def labelled(model: Any, metadata: Mapping[str, str]) -> bytes:
    """The model's bytes with ``metadata`` for whoever opens it elsewhere."""
    onnx = require_onnx()
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, dict(metadata))
    for node in model.graph.node:
        node.ClearField("doc_string")
    model.producer_name, model.producer_version = "hie", ""
    data: bytes = model.SerializeToString(deterministic=True)
    return data


@contextmanager
def _silent() -> Iterator[None]:
    """Without the quantiser's advice on preparations, which do not concern convolutions."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def half(graph: bytes, metadata: Mapping[str, str]) -> bytes:
    """The graph with float16 inside; its input and output stay float32."""
    onnx = require_onnx()
    from onnxruntime.transformers.float16 import convert_float_to_float16

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # weights too small for float16 become 0
        model = convert_float_to_float16(onnx.load_from_string(graph), keep_io_types=True)
    return labelled(model, metadata)


def int8(graph: bytes, examples: Iterable[FloatArray], metadata: Mapping[str, str]) -> bytes:
    """The graph with its convolutions in 8 bits, ranges from ``examples`` (1, 3, H, W) each."""
    onnx = require_onnx()
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_static,
    )

    class Reader(CalibrationDataReader):  # type: ignore[misc] # untyped library
        def __init__(self) -> None:
            self.left = iter(examples)

        def get_next(self) -> dict[str, FloatArray] | None:
            found = next(self.left, None)
            return None if found is None else {INPUT: np.asarray(found, np.float32)}

    with TemporaryDirectory() as scratch, _silent():
        source, target = Path(scratch) / "float.onnx", Path(scratch) / "int8.onnx"
        source.write_bytes(graph)
        quantize_static(
            str(source), str(target), Reader(), quant_format=QuantFormat.QDQ, per_channel=True,
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
            op_types_to_quantize=["Conv"],
        )  # fmt: skip
        return labelled(onnx.load(str(target)), metadata)
