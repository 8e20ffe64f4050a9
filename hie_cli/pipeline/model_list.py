"""Every model by name, recognisers of actions too, and what is known of them on this machine."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hie_cli.models import benchmark, registry
from hie_cli.models import trained as trained_networks
from hie_cli.models.benchmark import Speed
from hie_cli.models.spec import ModelSpec, Task
from hie_cli.recognition.model_specs import recognisers, trained


@dataclass(frozen=True)
class Listed:
    """A model, the bytes of its files (None: it has none, or a plug-in's are not known) and its
    measured speed (None: not measured here).
    """

    spec: ModelSpec
    bytes: int | None
    speed: Speed | None


def list_models(task: Task | None = None) -> list[ModelSpec]:
    """Every model, or those for ``task``: packaged, registered, imported; recognisers last.

    An imported one whose manifest is damaged is left out; ``hie models verify`` says what is wrong
    with it. Recognisers in folders of one's own (`hie train action`) have a path, not a name.
    """
    models = [*registry.list_models(), *recognisers()]
    return [model for model in models if task in (None, model.task)]


def listed(task: Task | None = None) -> Sequence[Listed]:
    """``list_models`` with sizes and speeds."""
    measured = benchmark.known()
    return [
        Listed(spec, registry.size(spec), benchmark.of(spec, measured))
        for spec in list_models(task)
    ]


def verify() -> list[dict[str, str | None]]:
    """``registry.verify``, and the same of the recognisers' files."""
    rows = registry.verify()
    for spec in recognisers():
        files = spec.network.files() if spec.network else ()
        rows += [{"name": name, "error": error} for name, error in files]
    return rows


def find(name: str) -> ModelSpec:
    """The model or recogniser called ``name``, or that of a folder that `hie train` wrote.

    ModelError with the nearest known name otherwise, and for a damaged card.
    """
    named = next((spec for spec in recognisers() if spec.name == name), None)
    return named or trained_networks.find(name) or trained(Path(name)) or registry.find(name)
