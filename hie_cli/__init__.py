"""hie: detect, pose, track and recognise people in crowded video.

``import hie_cli`` loads nothing else; every name below is imported when it is first used. Functions
never print. Their keywords are named as the command line's options, and what they raise for wrong
input is a ``HieError`` (docs/api.md).
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hie_cli.analysis.analyse import Analysis, analyse
    from hie_cli.analysis.zone_server import edit_zones
    from hie_cli.api import (
        detect,
        draw,
        explain,
        pose,
        recognise,
        render,
        run,
        run_batch,
        stream,
        track,
    )
    from hie_cli.benchmarking.benchmark import benchmark
    from hie_cli.benchmarking.plot import plot_benchmark
    from hie_cli.core.errors import ConfigError, HieError, InputError, ModelError
    from hie_cli.core.types import Frame, FramePeople, People, Person, VideoInfo
    from hie_cli.core.version import __version__
    from hie_cli.evaluation.scores import Report, compare, evaluate
    from hie_cli.formats.challenge_zip import check_submission, submit
    from hie_cli.formats.conversion import convert
    from hie_cli.formats.readers import read, read_sequences
    from hie_cli.formats.sequence import VideoSequence
    from hie_cli.formats.writers import write
    from hie_cli.models.benchmark import benchmark_model
    from hie_cli.models.catalogue.pull import available_models, pull_model
    from hie_cli.models.importing.importer import import_model
    from hie_cli.models.spec import ModelSpec
    from hie_cli.pipeline.chain import ChainRun
    from hie_cli.pipeline.diagnosis import diagnose
    from hie_cli.pipeline.model_list import list_models
    from hie_cli.pipeline.status import VideoStatus, status
    from hie_cli.reporting.evaluation_page import write_evaluation
    from hie_cli.reporting.results_report import write_report
    from hie_cli.retrieval.mining import mine_dedupe, mine_index, mine_search
    from hie_cli.simulation.generate import simulate
    from hie_cli.streaming.run import LiveRun
    from hie_cli.summary.annotation import choose_for_annotation
    from hie_cli.summary.evaluation import evaluate_summaries, summary_agreement
    from hie_cli.summary.summarize import summarize
    from hie_cli.training.action.train_action import train_action
    from hie_cli.training.action.train_fusion import train_fusion
    from hie_cli.training.calibrate import calibrate_model
    from hie_cli.training.data.check_data import check_data
    from hie_cli.training.data.show_data import show_data
    from hie_cli.training.detect.train_detect import train_detect
    from hie_cli.training.export import export_model
    from hie_cli.training.hash.train_hash import train_hash
    from hie_cli.training.pose.train_pose import train_pose
    from hie_cli.training.summary.train_summary import train_summary

# The module that each public name comes from, as above.
_HOMES = {
    "__version__": "core.version",
    "Analysis": "analysis.analyse",
    "ChainRun": "pipeline.chain",
    "ConfigError": "core.errors",
    "Frame": "core.types",
    "FramePeople": "core.types",
    "HieError": "core.errors",
    "InputError": "core.errors",
    "LiveRun": "streaming.run",
    "ModelError": "core.errors",
    "ModelSpec": "models.spec",
    "People": "core.types",
    "Person": "core.types",
    "Report": "evaluation.scores",
    "VideoInfo": "core.types",
    "VideoSequence": "formats.sequence",
    "VideoStatus": "pipeline.status",
    "analyse": "analysis.analyse",
    "available_models": "models.catalogue.pull",
    "benchmark": "benchmarking.benchmark",
    "benchmark_model": "models.benchmark",
    "calibrate_model": "training.calibrate",
    "check_data": "training.data.check_data",
    "check_submission": "formats.challenge_zip",
    "choose_for_annotation": "summary.annotation",
    "compare": "evaluation.scores",
    "convert": "formats.conversion",
    "detect": "api",
    "diagnose": "pipeline.diagnosis",
    "draw": "api",
    "edit_zones": "analysis.zone_server",
    "evaluate": "evaluation.scores",
    "evaluate_summaries": "summary.evaluation",
    "explain": "api",
    "export_model": "training.export",
    "import_model": "models.importing.importer",
    "list_models": "pipeline.model_list",
    "mine_dedupe": "retrieval.mining",
    "mine_index": "retrieval.mining",
    "mine_search": "retrieval.mining",
    "plot_benchmark": "benchmarking.plot",
    "pose": "api",
    "pull_model": "models.catalogue.pull",
    "read": "formats.readers",
    "read_sequences": "formats.readers",
    "recognise": "api",
    "render": "api",
    "run": "api",
    "run_batch": "api",
    "show_data": "training.data.show_data",
    "simulate": "simulation.generate",
    "status": "pipeline.status",
    "stream": "api",
    "submit": "formats.challenge_zip",
    "summarize": "summary.summarize",
    "summary_agreement": "summary.evaluation",
    "track": "api",
    "train_action": "training.action.train_action",
    "train_detect": "training.detect.train_detect",
    "train_fusion": "training.action.train_fusion",
    "train_hash": "training.hash.train_hash",
    "train_pose": "training.pose.train_pose",
    "train_summary": "training.summary.train_summary",
    "write": "formats.writers",
    "write_evaluation": "reporting.evaluation_page",
    "write_report": "reporting.results_report",
}

__all__ = [
    "Analysis",
    "ChainRun",
    "ConfigError",
    "Frame",
    "FramePeople",
    "HieError",
    "InputError",
    "LiveRun",
    "ModelError",
    "ModelSpec",
    "People",
    "Person",
    "Report",
    "VideoInfo",
    "VideoSequence",
    "VideoStatus",
    "__version__",
    "analyse",
    "available_models",
    "benchmark",
    "benchmark_model",
    "calibrate_model",
    "check_data",
    "check_submission",
    "choose_for_annotation",
    "compare",
    "convert",
    "detect",
    "diagnose",
    "draw",
    "edit_zones",
    "evaluate",
    "evaluate_summaries",
    "explain",
    "export_model",
    "import_model",
    "list_models",
    "mine_dedupe",
    "mine_index",
    "mine_search",
    "plot_benchmark",
    "pose",
    "pull_model",
    "read",
    "read_sequences",
    "recognise",
    "render",
    "run",
    "run_batch",
    "show_data",
    "simulate",
    "status",
    "stream",
    "submit",
    "summarize",
    "summary_agreement",
    "track",
    "train_action",
    "train_detect",
    "train_fusion",
    "train_hash",
    "train_pose",
    "train_summary",
    "write",
    "write_evaluation",
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
