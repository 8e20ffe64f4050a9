"""Why the kinematic recogniser says what it says of one person: measures, rules and their parts."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.types import FramePeople, VideoInfo
from hie_cli.recognition.kinematic import decision, rules
from hie_cli.recognition.kinematic.recogniser import Kinematic
from hie_cli.recognition.settings import ActionConfig
from hie_cli.recognition.window import windows


@dataclass(frozen=True)
class Part:
    """One measure's value (NaN: unknown) and how much it speaks for the first action rather than
    for the second, in logits.
    """

    measure: str
    value: float
    speaks_for: float


@dataclass(frozen=True)
class Explanation:
    """Of one sampled frame: the two best actions with their scores, what the rules alone would say,
    and the ``parts`` of all measures, those that decide most first.
    """

    frame: int
    first: str
    first_score: float
    second: str
    second_score: float
    rules: str
    parts: tuple[Part, ...]


def explain(
    people: Iterable[FramePeople], video: VideoInfo, config: ActionConfig, track_id: int
) -> Iterator[Explanation]:
    """The explanations of one track's sampled frames, in order."""
    fitted = decision.load()
    model = Kinematic(video, config.kinematic)
    for item, window in windows(people, video, config.window_seconds, config.every):
        if window is None:
            continue
        seen = model.observe(window)
        ids = item.people.track_ids
        rows = [] if ids is None else np.flatnonzero(ids == track_id).tolist()
        for row in rows[:1]:
            scores = model.decide(seen)[row]
            first, second = np.argsort(-scores, kind="stable")[:2]
            judge = fitted.of(seen.measures, row)
            parts = judge.contributions(seen.measures)[row]
            lead = parts[:, first] - parts[:, second]
            alone = rules.scores(seen.features, seen.pairs, config.kinematic.rules)[row]
            column = dict(zip(seen.measures.names, seen.measures.values[row], strict=True))
            told = [
                Part(curve.name, float(column[curve.name]), float(part))
                for curve, part in zip(judge.curves, lead, strict=True)
            ]
            told.sort(key=lambda part: -abs(part.speaks_for))
            yield Explanation(
                item.index,
                ACTIONS[first],
                float(scores[first]),
                ACTIONS[second],
                float(scores[second]),
                ACTIONS[int(alone.argmax())],
                tuple(told),
            )
