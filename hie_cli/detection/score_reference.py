"""The scores of a detector of which only a first guess is known, by those of detectors known well.

How sure another network is of the same people differs from place to place: .7 by day is .3 at
night. Calibrated networks look at some frames too. The n-th surest candidate of a frame, on average
over these frames, is then given the score that their n-th surest has (histogram matching: Gonzalez
& Woods, Digital Image Processing, 3.3.2), the more so the more people they see. The order of the
candidates, and with it the average precision, stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import Image
from hie_cli.detection.box_fusion import ViewDetections
from hie_cli.detection.input_sizes import DetectorRun
from hie_cli.detection.settings import DetectConfig
from hie_cli.detection.views import run_view
from hie_cli.models.base import Detector

Floats = NDArray[np.float64]
_SURE = 0.5  # score from which a reference has seen somebody
_ENOUGH = 5.0  # people seen, per reference, at which they and the first guess count alike
_SIDES = (640, 1024)  # least and most long side at which references look


@dataclass(frozen=True)
class ScoreMap:
    """A monotone map of scores: ``found`` (K,) rising to ``meant`` (K,), of which ``weight`` counts
    (in log odds) and 1 - ``weight`` the score itself.
    """

    found: Floats
    meant: Floats
    weight: float

    def __call__(self, scores: NDArray[np.floating]) -> Floats:
        """What scores (N,) mean."""
        own = np.asarray(scores, np.float64)
        logit = self.weight * _logit(np.interp(own, self.found, self.meant))
        mapped: Floats = 1 / (1 + np.exp(-logit - (1 - self.weight) * _logit(own)))
        return mapped


def score_map(own: Sequence[Floats], reference: Sequence[Floats]) -> ScoreMap | None:
    """The map of a detector's scores to those of references.

    ``own`` and ``reference``: the scores of each look at a frame, one array a look; several
    references look at the same frames. None where either saw nothing.
    """
    found, seen = np.sort(np.concatenate(own))[::-1], np.sort(np.concatenate(reference))[::-1]
    if not len(found) or not len(seen):
        return None
    rank = np.arange(len(found)) / len(own)
    meant = np.interp(rank, np.arange(len(seen)) / len(reference), seen)
    people = float((seen >= _SURE).sum()) * len(own) / len(reference)
    return ScoreMap(found[::-1], meant[::-1], people / (people + _ENOUGH))


def guessed(model: Detector) -> bool:
    """Whether of a detector's scores only a first guess is known."""
    return model.spec.score is not None and model.spec.score.raw_weight > 0


@dataclass
class ScoreReferences:
    """What ``models`` whose scores are a guess, and ``references``, saw on the frames given to
    ``look``, since ``forget``.
    """

    models: Sequence[Detector]
    references: Sequence[Detector]
    config: DetectConfig
    _own: dict[int, list[Floats]] = field(default_factory=dict)
    _seen: list[Floats] = field(default_factory=list)
    _maps: dict[int, ScoreMap | None] = field(default_factory=dict)

    def forget(self) -> None:
        """Begin anew."""
        self._own, self._seen, self._maps = {}, [], {}

    def look(self, image: Image, views: Sequence[DetectorRun]) -> None:
        """Let the references, and the first of a guessed model's ``views``, look at ``image``."""
        first = {v.model: v for v in reversed(views) if guessed(self.models[v.model])}
        if not first or not self.references:
            return
        least, most = _SIDES
        side = min(max(*image.shape[:2], least), most)
        for model in self.references:
            self._seen.append(self._scores(image, DetectorRun(0, side, 0.0), model))
        for place, view in first.items():
            own = self._own.setdefault(place, [])
            own.append(self._scores(image, view, self.models[place]))
            self._maps[place] = score_map(own, self._seen)

    def _scores(self, image: Image, view: DetectorRun, model: Detector) -> Floats:
        (seen,) = run_view([image], view, model, (1, 1), self.config)
        return np.asarray(seen.people.scores, np.float64)

    def mapped(self, model: int, seen: ViewDetections) -> ViewDetections:
        """``seen`` by the model at place ``model``, with scores as the references have them."""
        by_reference = self._maps.get(model)
        if by_reference is None:
            return seen
        people = seen.people.replace(scores=by_reference(seen.people.scores))
        return ViewDetections(people, seen.sees, seen.sideways)


def _logit(chance: NDArray[np.floating]) -> Floats:
    held = np.clip(np.asarray(chance, np.float64), 1e-4, 1 - 1e-4)
    value: Floats = np.log(held / (1 - held))
    return value
