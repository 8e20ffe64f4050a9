"""Dense optical flow of a frame pair by OpenCV's methods."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from hie_cli.flow.fields import Field, FlowPair
from hie_cli.types import Image

Grey = NDArray[np.uint8]
Estimator = Callable[[Grey, Grey], Field]

_DIS_PRESETS = {
    "ultrafast": cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST,
    "fast": cv2.DISOPTICAL_FLOW_PRESET_FAST,
    "medium": cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,
}


@dataclass(frozen=True)
class FlowConfig:
    """How flow is computed.

    method: ``dis`` (Kroeger et al., ECCV 2016) or ``farneback`` (Farnebäck, SCIA 2003) · preset: of
    ``dis``, quality against time · long_side: frames are reduced to this many pixels first.
    """

    method: Literal["dis", "farneback"] = "dis"
    preset: Literal["ultrafast", "fast", "medium"] = "fast"
    long_side: int = 640

    def __post_init__(self) -> None:
        if self.long_side < 64:
            raise ValueError(f"flow.long_side is {self.long_side}; expected 64 or more")


def estimator(config: FlowConfig) -> Estimator:
    """A function from two grey frames (h, w) to the flow (h, w, 2) float32 from first to second."""
    if config.method == "dis":
        dis = cv2.DISOpticalFlow.create(_DIS_PRESETS[config.preset])

        def by_dis(first: Grey, second: Grey) -> Field:
            start = np.zeros((*first.shape, 2), np.float32)
            return np.asarray(dis.calc(first, second, start), np.float32)

        return by_dis

    def by_farneback(first: Grey, second: Grey) -> Field:
        start = np.zeros((*first.shape, 2), np.float32)
        return np.asarray(
            cv2.calcOpticalFlowFarneback(first, second, start, 0.5, 4, 15, 3, 5, 1.1, 0), np.float32
        )

    return by_farneback


class FlowMeter:
    """Flow between each frame and the one before it, computed once per pair."""

    def __init__(self, config: FlowConfig) -> None:
        self._config = config
        self._estimate = estimator(config)
        self._before: Grey | None = None

    def step(self, image: Image) -> FlowPair | None:
        """The flow pair from the previous frame to ``image`` (H, W, 3); None for the first."""
        scale = min(1.0, self._config.long_side / max(image.shape[:2]))
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        if scale < 1:
            grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        before, self._before = self._before, np.asarray(grey, np.uint8)
        if before is None:
            return None
        now = self._before
        return FlowPair(self._estimate(before, now), self._estimate(now, before), scale)
