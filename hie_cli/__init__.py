"""hie: detect, pose, track and recognise people in crowded video.

``import hie_cli`` loads nothing else; every name below is imported when it is first used. Functions
never print. Their keywords are named as the command line's options, and what they raise for wrong
input is a ``HieError`` (docs/api.md).
"""

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from hie_cli.core.errors import ConfigError, HieError, InputError, ModelError
    from hie_cli.core.types import FramePeople, People, Person, VideoInfo
    from hie_cli.evaluation.scores import compare, evaluate
    from hie_cli.formats.challenge_zip import check_submission, submit
    from hie_cli.formats.conversion import convert
    from hie_cli.formats.readers import read, read_sequences
    from hie_cli.formats.writers import write
    from hie_cli.models.registry import list_models
    from hie_cli.models.user_models import import_model
    from hie_cli.pipeline.diagnosis import diagnose
    from hie_cli.pipeline.drawing import draw
    from hie_cli.rendering.html_report import write_report
    from hie_cli.simulation.generate import simulate
    from hie_cli.training.action.train_action import train_action
    from hie_cli.training.action.train_fusion import train_fusion

# The module that each public name comes from, as above.
_HOMES = {
    "diagnose": "pipeline.diagnosis",
    "train_fusion": "training.action.train_fusion",
    "train_action": "training.action.train_action",
    "list_models": "models.registry",
    "import_model": "models.user_models",
    "ConfigError": "core.errors",
    "FramePeople": "core.types",
    "HieError": "core.errors",
    "InputError": "core.errors",
    "ModelError": "core.errors",
    "People": "core.types",
    "Person": "core.types",
    "VideoInfo": "core.types",
    "check_submission": "formats.challenge_zip",
    "compare": "evaluation.scores",
    "convert": "formats.conversion",
    "draw": "pipeline.drawing",
    "evaluate": "evaluation.scores",
    "read": "formats.readers",
    "read_sequences": "formats.readers",
    "simulate": "simulation.generate",
    "submit": "formats.challenge_zip",
    "write": "formats.writers",
    "write_report": "rendering.html_report",
}

__all__ = [
    "ConfigError",
    "FramePeople",
    "HieError",
    "InputError",
    "ModelError",
    "People",
    "Person",
    "VideoInfo",
    "check_submission",
    "compare",
    "convert",
    "diagnose",
    "draw",
    "evaluate",
    "import_model",
    "list_models",
    "read",
    "read_sequences",
    "simulate",
    "submit",
    "train_action",
    "train_fusion",
    "write",
    "write_report",
]


def __getattr__(name: str) -> object:
    """A public name, imported now and kept."""
    if name not in _HOMES:
        raise AttributeError(f"module 'hie_cli' has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"hie_cli.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
