"""The 14 actions as groups of actors: who stands, goes and moves how, frame by frame."""

from collections.abc import Callable

from hie_cli.core.action_classes import ACTIONS
from hie_cli.simulation.actors import Actor
from hie_cli.simulation.moving_groups import (
    riding,
    running_alone,
    running_together,
    stairs,
    walking_alone,
    walking_together,
)
from hie_cli.simulation.paths import Ground
from hie_cli.simulation.seated_groups import sitting_alone, sitting_talking
from hie_cli.simulation.standing_groups import (
    crouching,
    fall_over,
    fighting,
    gathering,
    queuing,
    standing_alone,
)

GROUPS: dict[str, Callable[[Ground], list[Actor]]] = {
    "walking-alone": walking_alone,
    "walking-together": walking_together,
    "running-alone": running_alone,
    "running-together": running_together,
    "riding": riding,
    "sitting-talking": sitting_talking,
    "sitting-alone": sitting_alone,
    "queuing": queuing,
    "standing-alone": standing_alone,
    "gathering": gathering,
    "fighting": fighting,
    "fall-over": fall_over,
    "walking-up-down-stairs": stairs,
    "crouching-bowing": crouching,
}
# How many persons a group has on average: to draw classes evenly by person, not by group.
GROUP_SIZE: dict[str, float] = dict(
    zip(ACTIONS, (1, 3, 1, 3, 1, 2.8, 1, 6, 1, 5.5, 2.25, 1, 2.5, 1), strict=True)
)
