"""Recognising actions: tracked people in, the same people with a score for each action out."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from hie_cli.actions import NUM_ACTIONS
from hie_cli.errors import ModelError, nearest
from hie_cli.recognition.base import Recogniser
from hie_cli.recognition.kinematic import Kinematic
from hie_cli.recognition.settings import ActionConfig
from hie_cli.recognition.window import Window, windows
from hie_cli.types import FloatArray, FramePeople, VideoInfo

# Each name's recogniser for one video.
RECOGNISERS: dict[str, Callable[[VideoInfo, ActionConfig], Recogniser]] = {
    "kinematic": lambda video, config: Kinematic(video, config.kinematic),
}


def recognisers(video: VideoInfo, config: ActionConfig) -> tuple[Recogniser, ...]:
    """The recognisers that ``config.model`` names. Raises ModelError for an unknown name."""
    for name in config.model:
        if name not in RECOGNISERS:
            known = sorted(RECOGNISERS)
            hint = nearest(name, known)
            raise ModelError(f"action model {name!r} is unknown{hint} (known: {', '.join(known)})")
    return tuple(RECOGNISERS[name](video, config) for name in config.model)


def recognise(
    people: Iterable[FramePeople],
    video: VideoInfo,
    config: ActionConfig,
    models: Sequence[Recogniser] | None = None,
) -> Iterator[FramePeople]:
    """Every frame of ``people`` with ``action_scores`` (N, 14).

    Frames whose index is not a multiple of ``config.every`` get rows of NaN. Holds a few seconds of
    people, whatever the length of the video. ``models`` replaces those that the configuration
    names; several are averaged with ``config.weights``. Raises ModelError for an unknown name.
    """
    chosen = recognisers(video, config) if models is None else tuple(models)
    weights = np.asarray(config.weights or (1.0,) * len(chosen), np.float64)
    for item, window in windows(people, video, config.window_seconds, config.every):
        scores = _unscored(item) if window is None else _mean(window, chosen, weights)
        yield FramePeople(item.frame_index, item.people.replace(action_scores=scores))


def _unscored(item: FramePeople) -> FloatArray:
    return np.full((len(item.people), NUM_ACTIONS), np.nan)


def _mean(window: Window, models: Sequence[Recogniser], weights: FloatArray) -> FloatArray:
    scores = np.stack([model.score(window) for model in models])
    mean: FloatArray = np.average(scores, axis=0, weights=weights)
    return mean


__all__ = ["RECOGNISERS", "ActionConfig", "recognise", "recognisers"]
