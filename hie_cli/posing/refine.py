"""Temporal refinement of poses (Yuan et al., arXiv 2010.10008).

A frame alone is not enough in a crowd. For each frame t the poses of the n frames before it are
carried forward, and those of the n frames after it backward, along the optical flow to t; matched
to the people of t they are fused with their own poses, joint by joint (``fusion.py``).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from hie_cli.core.temporal_window import windowed
from hie_cli.core.types import FramePeople, FrameStream, People
from hie_cli.flow.estimators import FlowMeter
from hie_cli.flow.fields import FlowPair
from hie_cli.models.runtime import resolve_device
from hie_cli.posing.filters import one_euro, savgol
from hie_cli.posing.fusion import combine
from hie_cli.posing.settings import RefineConfig
from hie_cli.posing.warp import PoseWarp, WarpedPoses


def context_frames(config: RefineConfig) -> int | None:
    """How many frames around a frame its refined poses depend on; None: all before it."""
    return {"flow": config.frames, "savgol": config.savgol_frames, "one-euro": None, "none": 0}[
        config.method
    ]


def check_models(config: RefineConfig, device: str) -> None:
    """Raises ModelError where a learned flow's weights are missing or wrong, or its device is."""
    if config.method == "flow":
        flow_meter(config, device)


def flow_meter(config: RefineConfig, device: str) -> FlowMeter:
    """What measures the flow; a learned one runs on ``device`` (auto, cpu, cuda or mps)."""
    learned = config.flow.method == "raft-small"
    return FlowMeter(config.flow, resolve_device(device) if learned else "cpu")


def refine(
    stream: Iterable[FramePeople],
    config: RefineConfig,
    fps: float,
    meter: FlowMeter | None = None,
    device: str = "auto",
) -> FrameStream:
    """Yield each frame with its people's poses refined; holds 2n + 1 frames, n ahead.

    People without keypoints pass unchanged. ``fps``: how many frames of ``stream`` make a second.
    ``meter`` gives the flow; that of ``config`` on ``device`` if None.
    """
    if config.method == "flow":
        return _by_flow(stream, config, fps, meter or flow_meter(config, device))
    if config.method == "one-euro":
        return one_euro(stream, config.min_cutoff, config.beta)
    if config.method == "savgol":
        return savgol(stream, config.savgol_frames, config.savgol_order)
    return iter(stream)


@dataclass(frozen=True)
class FrameFlow:
    """A frame's people and the flow from the frame before it (None: it is the first).

    ``warps``: where its people were on the frames after it (False) and before it (True), as far as
    somebody asked: every frame is carried each way once.
    """

    item: FramePeople
    flow: FlowPair | None
    warps: dict[bool, "WarpCache"] = field(default_factory=dict)


class WarpCache:
    """One frame's people warped one way, a frame at a time; what was reached is kept."""

    def __init__(self, people: People, back: bool, max_error: float) -> None:
        self._warp = PoseWarp(people, back, max_error)
        self._warped: list[WarpedPoses] = []

    def at_end(self, path: Sequence[FlowPair], weight: float) -> WarpedPoses:
        """Where the people are at the end of ``path``, which begins as on every call before."""
        for pair in path[len(self._warped) :]:
            self._warp.step(pair)
            self._warped.append(self._warp.warped(len(self._warped) + 1, weight))
        return replace(self._warped[len(path) - 1], weight=weight)


def _by_flow(
    stream: Iterable[FramePeople], config: RefineConfig, fps: float, meter: FlowMeter
) -> FrameStream:
    for window, position in windowed(_with_flow(stream, meter), config.frames):
        people = refined(window, position, config, fps)
        yield replace(window[position].item, people=people)


def _with_flow(stream: Iterable[FramePeople], meter: FlowMeter) -> Iterator[FrameFlow]:
    for item in stream:
        if item.image is None:
            raise ValueError(f"frame {item.index}: refinement by flow needs its image")
        yield FrameFlow(item, meter.step(item.image))


def refined(window: Sequence[FrameFlow], position: int, config: RefineConfig, fps: float) -> People:
    """The people of ``window[position]`` refined by those of all the other frames in it."""
    people = window[position].item.people
    if people.keypoints is None and len(people):
        return people
    carried = []
    for other, each in enumerate(window):
        others, warps, distance = each.item.people, each.warps, other - position
        if distance and others.keypoints is not None and len(others):
            first, last = sorted((other, position))
            path = [f.flow for f in window[first + 1 : last + 1] if f.flow is not None]
            weight = float(np.exp(-abs(distance) / (config.decay_seconds * fps)))
            back = distance > 0
            if back not in warps:
                warps[back] = WarpCache(others, back, config.max_error)
            carried.append(warps[back].at_end(path[::-1] if back else path, weight))
    return combine(people, carried, config)
