"""Dense optical flow of a frame pair: OpenCV's methods, and RAFT-small with the user's weights."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from hie_cli.core.types import Image
from hie_cli.flow.dis import dense_flow, reduced_scale
from hie_cli.flow.fields import Field, FlowPair

BothWays = Callable[[Image, Image], tuple[Field, Field]]

_DIS_PRESETS = {
    "ultrafast": cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST,
    "fast": cv2.DISOPTICAL_FLOW_PRESET_FAST,
    "medium": cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,
}


@dataclass(frozen=True)
class FlowConfig:
    """How flow is computed.

    method: ``dis`` (Kroeger et al., ECCV 2016), ``farneback`` (Farnebäck, SCIA 2003) or
    ``raft-small`` (Teed & Deng, ECCV 2020) · preset: of ``dis``, quality against time · long_side:
    frames are reduced to this many pixels first · weights: of ``raft-small``.
    """

    method: Literal["dis", "farneback", "raft-small"] = "dis"
    preset: Literal["ultrafast", "fast", "medium"] = "ultrafast"
    long_side: int = 640
    weights: str = ""

    def __post_init__(self) -> None:
        if self.long_side < 64:
            raise ValueError(f"flow.long_side is {self.long_side}; expected 64 or more")


def estimator(config: FlowConfig, device: str) -> BothWays:
    """A function from two images (h, w, 3) to the flow (h, w, 2) float32 there and back.

    ``device`` (cpu, cuda or mps): where ``raft-small`` runs; the others run on the CPU.

    Raises ModelError where the weights of ``raft-small`` are missing or do not fit.
    """
    if config.method == "raft-small":
        from hie_cli.flow import raft
        from hie_cli.flow.raft_weights import load

        network = load(config.weights).to(device)
        return lambda first, second: raft.flow_both_ways(network, first, second, device)
    if config.method == "dis":
        dis = cv2.DISOpticalFlow.create(_DIS_PRESETS[config.preset])

        def one_way(first: Image, second: Image) -> Field:
            return dense_flow(dis, first, second)

    else:

        def one_way(first: Image, second: Image) -> Field:
            start = np.zeros((*first.shape, 2), np.float32)
            flow = cv2.calcOpticalFlowFarneback(first, second, start, 0.5, 4, 15, 3, 5, 1.1, 0)
            return np.asarray(flow, np.float32)

    def both_ways(first: Image, second: Image) -> tuple[Field, Field]:
        a, b = (cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) for image in (first, second))
        return one_way(a, b), one_way(b, a)

    return both_ways


class FlowMeter:
    """Flow between each frame and the one before it, computed once per pair."""

    def __init__(self, config: FlowConfig, device: str = "cpu") -> None:
        self._long_side = config.long_side
        self._estimate = estimator(config, device)
        self._before: Image | None = None

    def step(self, image: Image) -> FlowPair | None:
        """The flow pair from the previous frame to ``image`` (H, W, 3); None for the first."""
        scale = reduced_scale(image.shape, self._long_side)
        if scale < 1:
            image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        before, self._before = self._before, image
        if before is None:
            return None
        return FlowPair(*self._estimate(before, image), scale)
