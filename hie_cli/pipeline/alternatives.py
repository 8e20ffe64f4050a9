"""Models that a preset would rather have: ``better|usual`` takes the first that is there."""

from dataclasses import replace
from typing import TYPE_CHECKING

from hie_cli.core.errors import ConfigError
from hie_cli.core.progress import note

if TYPE_CHECKING:
    from hie_cli.pipeline.settings import ChainConfig

NONE = "none"  # the alternative that leaves a detector out


def settled(config: "ChainConfig") -> "ChainConfig":
    """``config`` with the first of each ``A|B`` that this machine has, in ``detect.models`` and
    ``pose.model``.

    A note for each one that is missing says how to get it. Raises ConfigError where a list of
    detectors becomes empty; a last name is taken as it stands, there or not.
    """
    names = (*config.detect.models, config.pose.model)
    if not any("|" in name for name in names):
        return config
    models = tuple(m for name in config.detect.models if (m := _first(name)) != NONE)
    if not models:
        raise ConfigError("detect.models: none of the models named is there")
    return replace(
        config,
        detect=replace(config.detect, models=models),
        pose=replace(config.pose, model=_first(config.pose.model)),
    )


def _first(name: str) -> str:
    *better, last = (each.strip() for each in name.split("|"))
    for each in better:
        if _there(each):
            return each
        note(f"{each} is not there, {_instead(last)}; {_how(each)}")
    return last


def _there(name: str) -> bool:
    from hie_cli.models import registry

    return name in registry.names()


def _instead(name: str) -> str:
    return "it is done without" if name == NONE else f"{name} is used"


def _how(name: str) -> str:
    from hie_cli.models.catalogue import entries

    if name in {entry.name for entry in entries.available()}:
        return f"`hie models pull {name}` gets it"
    return f"`hie models import FILE --name {name}` makes it known"
