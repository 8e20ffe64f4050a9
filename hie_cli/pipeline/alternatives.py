"""Models that a preset would rather have: ``better|usual`` takes the first that is there."""

from collections.abc import Iterable

from hie_cli.core.errors import ConfigError
from hie_cli.core.progress import note

NONE = "none"  # the alternative that leaves a detector out


def detectors(names: Iterable[str]) -> tuple[str, ...]:
    """Of each of ``names`` the first alternative that is there; those that end in none are left
    out. Raises ConfigError where nothing is left.
    """
    models = tuple(model for name in names if (model := first(name)) != NONE)
    if not models:
        raise ConfigError("detect.models: none of the models named is there")
    return models


def first(name: str) -> str:
    """The first alternative of ``name`` that this machine has, or the last, there or not.

    A note for each one that is missing says how to get it.
    """
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
