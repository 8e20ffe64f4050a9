"""Detectors whose feature maps a student sees: ours as torch modules, others as ONNX graphs."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from hie_cli.core.errors import ConfigError, ModelError
from hie_cli.models.decoders.distance_bins import STRIDES
from hie_cli.models.imported_network import ImportedNetwork
from hie_cli.models.network_files import OnnxFile, OwnWeights, PackagedNetwork
from hie_cli.models.networks.nanodet import NanoDet
from hie_cli.models.onnx_bytes import check_self_contained, with_outputs
from hie_cli.models.runtime import session
from hie_cli.models.spec import ModelSpec
from hie_cli.models.weights import checked_bytes
from hie_cli.training.engine.start import weights_of


class Teacher(Protocol):
    """What a student may look at."""

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of each map."""

    def maps(self, images: Tensor) -> list[Tensor]:
        """Of (N, S, S, 3) uint8 BGR, one map (N, C, h, w) for each of the strides 8, 16, 32."""


class OpenTeacher:
    """A NanoDet, packaged or trained: the three maps of its neck."""

    def __init__(self, network: NanoDet, device: str) -> None:
        self.network = network.to(device).eval().requires_grad_(False)
        self.widths = (network.width,) * len(STRIDES)

    def maps(self, images: Tensor) -> list[Tensor]:
        """See ``Teacher``."""
        return [level.float() for level in self.network.features(images)]


class OnnxTeacher:
    """An imported graph: the values ``names`` of it, for strides 8, 16 and 32 in turn.

    Any value will do, not only outputs. Raises ConfigError where there is none of that name, its
    size is not the picture's over the stride, or the graph takes no pictures of ``side``.
    """

    def __init__(self, spec: ModelSpec, names: Sequence[str], side: int) -> None:
        source = spec.network
        if not isinstance(source, OnnxFile):
            raise ConfigError(f"--teacher {spec.name}: no ONNX file; distill.maps is for those")
        if len(names) != len(STRIDES) or len(set(names)) != len(names):
            raise ConfigError(
                f"distill.maps: {len(names)} names; expected three, for strides 8, 16 and 32"
            )
        self.name, self.names = spec.name, tuple(names)
        data = checked_bytes(source.path, source.sha256, "import it again")
        check_self_contained(data, spec.name)
        own = [port.name for port in session(data, spec.name, None).get_outputs()]
        wider = with_outputs(data, [name for name in names if name not in own])
        try:
            opened = session(wider, spec.name, None)
        except ModelError as error:
            missing = next((name for name in names if f"({name}) does not exist" in str(error)), "")
            reason = f"{spec.name}: its graph has no value {missing}" if missing else str(error)
            raise ConfigError(f"distill.maps: {reason}") from None
        every = [port.name for port in opened.get_outputs()]
        self.places = [every.index(name) for name in names]
        self.network = ImportedNetwork(opened, spec.name, spec.input)
        width, height = spec.input.size_wh
        if not self.network.any_size and (width, height) != (side, side):
            fix = f"--set side={width}" if width == height else "take one of square pictures"
            raise ConfigError(
                f"--teacher {spec.name}: takes {width} x {height} pixels only, the training has "
                f"squares of {side}; {fix}"
            )
        self.widths = tuple(
            level.shape[1] for level in self.maps(torch.zeros((1, side, side, 3)).byte())
        )

    def maps(self, images: Tensor) -> list[Tensor]:
        """See ``Teacher``."""
        side = images.shape[1]
        outputs = self.network(np.asarray(images.cpu()))
        found = []
        for place, name, stride in zip(self.places, self.names, STRIDES, strict=True):
            level = outputs[place]
            cells = side // stride
            if level.ndim != 4 or level.shape[2:] != (cells, cells):
                raise ConfigError(
                    f"distill.maps: {name}: {list(level.shape)} for pictures of {side}; expected "
                    f"(N, C, {cells}, {cells}) for stride {stride}"
                )
            found.append(torch.from_numpy(level).to(images.device))
        return found


def teacher_of(spec: ModelSpec, names: Sequence[str], side: int, device: str) -> Teacher:
    """The teacher ``spec``; ConfigError for one whose maps are not open."""
    if names:
        return OnnxTeacher(spec, names, side)
    if isinstance(spec.network, OwnWeights | PackagedNetwork):
        found = weights_of(spec, spec.name)
        if isinstance(found, NanoDet):
            return OpenTeacher(found, device)
    maps = (
        "; --set distill.maps=[...] names the three of its graph"
        if isinstance(spec.network, OnnxFile)
        else ""
    )
    raise ConfigError(
        f"--teacher {spec.name}: its feature maps are not open here; --set distill.method=labels "
        f"learns from its boxes{maps}"
    )
