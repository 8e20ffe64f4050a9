"""Recognising actions: tracked people in, the same people with a score for each action out."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from hie_cli.core.action_classes import NUM_ACTIONS
from hie_cli.core.errors import ConfigError
from hie_cli.core.types import FloatArray, Frame, FramePeople, FrameStream, VideoInfo
from hie_cli.recognition import registry
from hie_cli.recognition.base import Recogniser
from hie_cli.recognition.settings import ActionConfig
from hie_cli.recognition.window import Window, windows


def recognisers(
    video: VideoInfo,
    config: ActionConfig,
    frames: Iterable[Frame] | None = None,
    device: str = "auto",
    people: Iterable[FramePeople] | None = None,
) -> tuple[Recogniser, ...]:
    """The recognisers that ``config.models`` names, for one video.

    ``frames`` is the video itself, for those that look at pixels; each of them iterates it once.
    ``people`` are all of the video's, for fusions that look at the scene; each iterates them once.
    Raises ModelError for an unknown name, missing weights or missing frames.
    """
    inputs = registry.Inputs(video, config, frames, people, device)
    return tuple(registry.make(name, inputs) for name in config.models)


def needs_pixels(config: ActionConfig) -> bool:
    """Whether a model that ``config`` names looks at the video."""
    return any(registry.needs_pixels(name) for name in config.models)


def needs_people_twice(config: ActionConfig) -> bool:
    """Whether a model that ``config`` names may go over all people before it scores any."""
    return any(registry.needs_people_twice(name) for name in config.models)


def check_models(config: ActionConfig) -> None:
    """Raises ModelError and ConfigError as ``recognise`` would, before there is a video."""
    _weights(config, len(config.models))
    recognisers(VideoInfo("any", 1, 1, 1.0, None), config, (), "cpu", ())


def _weights(config: ActionConfig, count: int) -> FloatArray:
    """The weights (count,) of that many recognisers, equal unless given."""
    if config.weights and len(config.weights) != count:
        raise ConfigError(
            f"action.weights: {len(config.weights)} for {count} models; give one each, or none"
        )
    return np.asarray(config.weights or (1.0,) * count, np.float64)


def recognise(
    people: Iterable[FramePeople],
    video: VideoInfo,
    config: ActionConfig,
    models: Sequence[Recogniser] | None = None,
    frames: Iterable[Frame] | None = None,
    device: str = "auto",
) -> FrameStream:
    """Every frame of ``people`` with ``action_scores`` (N, 14).

    Frames whose index is not a multiple of ``config.every`` get rows of NaN. Holds a few seconds of
    people, whatever the length of the video. ``models`` replaces those that the configuration
    names; several are averaged with ``config.weights``. ``frames``: see ``recognisers``; ``people``
    are iterated once more where a fusion looks at the scene. Raises ModelError for an unknown name,
    ConfigError where the weights are not one each.
    """
    if models is None:
        models = recognisers(video, config, frames, device, people)
    chosen = tuple(models)
    weights = _weights(config, len(chosen))
    for item, window in windows(people, video, config.window_seconds, config.every):
        scores = _unscored(item) if window is None else _mean(window, chosen, weights)
        yield replace(item, people=item.people.replace(action_scores=scores))


def _unscored(item: FramePeople) -> FloatArray:
    return np.full((len(item.people), NUM_ACTIONS), np.nan)


def _mean(window: Window, models: Sequence[Recogniser], weights: FloatArray) -> FloatArray:
    scores = np.stack([model.score(window) for model in models])
    mean: FloatArray = np.average(scores, axis=0, weights=weights)
    return mean


__all__ = [
    "ActionConfig",
    "check_models",
    "needs_people_twice",
    "needs_pixels",
    "recognise",
    "recognisers",
]
