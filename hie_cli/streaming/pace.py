"""How many frames a second of a live source are looked at, and the settings that go with it."""

import math
import time
from collections.abc import Iterator
from dataclasses import replace

from hie_cli.core.errors import ConfigError
from hie_cli.core.types import Frame, FramePeople, Image
from hie_cli.detection import stage as detection
from hie_cli.pipeline.networks import Models
from hie_cli.pipeline.settings import ChainConfig
from hie_cli.posing import stage as posing
from hie_cli.recognition.stage import needs_people_twice, needs_pixels

# Input sizes are chosen anew after so many seconds, and up to five times as often where few people
# are seen: it takes as long as many frames, so that a machine that lags must not do it more often.
_SIZES_SECONDS = 60.0
# Frames are timed for so many seconds, at most so many of them; a machine has other work, too.
_TIMED = (1.5, 50)
_FIRST = 2  # that do not count: the networks are loaded, input sizes chosen
_RESERVE = 1.25  # the other stages run beside, and crowds come and go
_REFINE_SECONDS = 0.25  # that poses wait for later ones


def live_settings(config: ChainConfig) -> ChainConfig:
    """``config`` for a stream without end. Raises ConfigError for what needs a whole video."""
    action, render = config.action, config.render
    if needs_pixels(action) or needs_people_twice(action):
        raise ConfigError(
            f"action.models {', '.join(action.models)}: look at a video more than once, which a "
            "live source cannot be; use kinematic or pose-stream models"
        )
    if render.blur != "none" or render.cutouts:
        raise ConfigError("render.blur and render.cutouts need a whole video; draw them afterwards")
    return replace(config, track=replace(config.track, online=True))


def at_stride(config: ChainConfig, fps: float, stride: int) -> ChainConfig:
    """``config`` for every ``stride``-th frame, so that no stage waits for many of them."""
    rate = fps / stride
    refine = min(config.refine.frames, max(1, round(_REFINE_SECONDS * rate)))
    every = max(1, round(config.action.every / stride)) * stride
    return replace(
        config,
        detect=replace(config.detect, batch=1, segment=max(1, round(_SIZES_SECONDS * fps))),
        pose=replace(config.pose, window=1),
        refine=replace(config.refine, frames=refine),
        action=replace(config.action, every=every),
    )


def stride_for(fps: float, seconds: float) -> int:
    """Every how many frames one can be looked at that takes so many ``seconds``."""
    return max(1, math.ceil(fps * seconds * _RESERVE - 0.1))


def seconds_a_frame(
    image: Image, config: ChainConfig, models: Models, stages: tuple[str, ...]
) -> float:
    """How long the networks take for one frame such as ``image`` (H, W, 3), which loads them."""
    config = at_stride(config, 1.0, 1)
    seconds, most = _TIMED
    frames = (Frame(index, image) for index in range(_FIRST + most))
    stream: Iterator[FramePeople] = detection.detect(frames, config.detect, models.detectors)
    if "pose" in stages:
        stream = posing.pose(stream, config.pose, models.pose)
    ends = []
    for _ in stream:
        ends.append(time.monotonic())
        if len(ends) > _FIRST and ends[-1] - ends[_FIRST - 1] >= seconds:
            break
    counted = ends[_FIRST - 1 :]
    return (counted[-1] - counted[0]) / (len(counted) - 1)
