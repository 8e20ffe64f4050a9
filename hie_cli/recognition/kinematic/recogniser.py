"""The kinematic recogniser: posture, motion and neighbours, measured, and what follows."""

from dataclasses import dataclass

import numpy as np

from hie_cli.core.types import FloatArray, VideoInfo
from hie_cli.recognition.kinematic import decision, rules
from hie_cli.recognition.kinematic.body import (
    Body,
    covered,
    is_carried,
    relative,
    steadied,
    swept,
    upright,
)
from hie_cli.recognition.kinematic.features import Features, Scene, features
from hie_cli.recognition.kinematic.ground import GroundLine
from hie_cli.recognition.kinematic.groups import Pairs, pairs
from hie_cli.recognition.kinematic.measures import Measures, measures
from hie_cli.recognition.kinematic.settings import KinematicConfig
from hie_cli.recognition.kinematic.vertical import NOTHING, Evidence, UprightField
from hie_cli.recognition.window import Window, frames_per_second


@dataclass(frozen=True)
class Observed:
    """What is known of a window's N people: their bodies, features, pairs, all measures, and the
    belief (N,) 0..1 in there being a person.
    """

    bodies: list[Body]
    features: Features
    pairs: Pairs
    measures: Measures
    belief: FloatArray


class Kinematic:
    """Scores the people of one video's windows, in order of time.

    It remembers from window to window what people who travel have shown of "up", and how
    tall people are where in the picture.
    """

    def __init__(self, video: VideoInfo, config: KinematicConfig) -> None:
        self._config = config
        self._view = UprightField.of(video)
        how = config.measuring
        self._assumed = self._view.assumed(how.upright_assumed, how.upright_level)
        self._known = self._assumed
        self._ground = GroundLine.empty()
        self._seen_until = -np.inf  # seconds of the video

    def score(self, window: Window) -> FloatArray:
        """Scores (N, 14), each row adding up to 1."""
        return self.decide(self.observe(window))

    def decide(self, seen: Observed) -> FloatArray:
        """The scores (N, 14) that follow from what ``observe`` gave."""
        if self._config.decision == "rules":
            return rules.scores(seen.features, seen.pairs, self._config.rules)
        return decision.load().scores(seen.measures, seen.belief)

    def observe(self, window: Window) -> Observed:
        """Measure the people of the next window."""
        how = self._config.measuring
        boxes = np.array([track.boxes[track.now] for track in window.tracks]).reshape(-1, 4)
        bodies = [
            Body.of(steadied(track, window), how, swept(track, window, how.motion_seconds), hidden)
            for track, hidden in zip(window.tracks, covered(boxes).tolist(), strict=True)
        ]
        carried = is_carried(window)
        if carried:
            bodies = relative(bodies, how)
        ups = self._ups(bodies, window)
        feet = np.array([body.track.boxes[body.track.now, 3] for body in bodies])
        # A camera that is carried may tilt, and the horizon with it: this window alone counts.
        ground = GroundLine.empty() if carried else self._ground
        self._ground = ground.with_people(feet, np.array([body.height for body in bodies]))
        scene = Scene(self._view, self._ground.eye_height, not carried)
        found = features(bodies, ups, scene, how)
        two = pairs(found, how.depth_stretch)
        shown = np.array([up.weight - self._assumed.weight for up in ups])
        told = measures(bodies, found, two, self._view, shown, self._config.rules)
        near = how.posture_seconds
        certain = [float(np.median(track.scores[track.near(near)])) for track in window.tracks]
        return Observed(bodies, found, two, told, decision.belief(np.array(certain)))

    def _ups(self, bodies: list[Body], window: Window) -> list[Evidence]:
        """What is known of "up" for each person.

        From everybody who travels, now and earlier; and, with less weight, from the others who
        stay here now: most people are upright. Leave-one-out: a person's own posture is excluded.
        """
        how = self._config.measuring
        now = window.index / frames_per_second(window.video)
        still: list[Evidence] = []
        for body in bodies:
            travels = body.pace > how.upright_speed
            if travels:
                new = upright(body, self._view, how, self._seen_until - now)
                self._known = self._known + new
            shown = NOTHING if travels else upright(body, self._view, how, -np.inf)
            still.append(shown.times(how.upright_still))
        self._seen_until = now + how.motion_seconds
        everybody = sum(still, self._known)
        return [everybody - own for own in still]
