"""The models by name: those of the package, those a plug-in registered, those a user imported."""

from dataclasses import replace
from pathlib import Path

from hie_cli.core import plugins
from hie_cli.core.errors import ModelError, nearest
from hie_cli.models import runtime, trained, user_models
from hie_cli.models.assembly import Loaded, assemble
from hie_cli.models.base import AppearanceModel, Detector, PoseEstimator
from hie_cli.models.catalogue import entries
from hie_cli.models.network_files import PackagedNetwork
from hie_cli.models.packaged import MODELS, NETWORKS
from hie_cli.models.spec import ModelSpec, Task

_registered: dict[str, ModelSpec] = {}


def register(spec: ModelSpec) -> None:
    """Make a plug-in's model known by its name, to all commands and to this process only.

    ModelError where a packaged model has that name; a second registration replaces the first.
    """
    if any(model.name == spec.name for model in MODELS):
        raise ModelError(f"model {spec.name!r}: a packaged model has that name; choose another")
    _registered[spec.name] = spec


def list_models(task: Task | None = None) -> list[ModelSpec]:
    """Every model, or those for ``task``: packaged, registered, imported ones last.

    An imported one whose manifest is damaged is left out; ``find`` and ``verify`` say what is
    wrong with it.
    """
    plugins.load()
    models = [*MODELS, *_registered.values(), *user_models.installed()]
    return [model for model in models if task in (None, model.task)]


def names(task: Task | None = None) -> list[str]:
    """The names of all models, or of those for ``task``, in the order of ``list_models``."""
    return [model.name for model in list_models(task)]


def find(name: str) -> ModelSpec:
    """The model called ``name``, or in the folder of a training (``hie train detect|pose``).

    ModelError with the nearest known name otherwise.
    """
    plugins.load()
    known = next((m for m in (*MODELS, *_registered.values()) if m.name == name), None)
    model = known or user_models.find(name) or trained.find(name)
    if model is not None:
        return model
    if any(entry.name == name for entry in entries.available()):
        raise ModelError(f"model {name!r} is not there yet; `hie models pull {name}` gets it")
    raise ModelError(f"model {name!r} is unknown{_hint(name)}; `hie models list` shows all")


def _hint(name: str) -> str:
    if Path(name).is_dir():
        return ": a folder without the card.json of a trained detector or pose network"
    return nearest(name, names())


def load(
    name: str,
    device: str = "auto",
    threads: int | None = None,
    precision: runtime.Precision = "fp32",
) -> Loaded:
    """The model called ``name``, ready to run on ``device`` (auto, cpu, cuda or mps).

    ``threads`` bounds the CPU threads of the network (None: every CPU this process may use).
    ``precision``: fp32; int8, for packaged networks on a CPU (others stay as they are); auto: int8
    where the CPU gains by it; fp16, on CUDA. ModelError for an unknown name, missing or damaged
    files, or a device this machine lacks.
    """
    return _open(find(name), device, threads, precision)


def load_detector(
    name: str,
    device: str = "auto",
    threads: int | None = None,
    precision: runtime.Precision = "fp32",
) -> Detector:
    """``load``, and ModelError unless it is a detector."""
    spec = _for_task(name, "detect", "detectors")
    model: Detector = _open(spec, device, threads, precision)  # type: ignore[assignment] # by its task
    return model


def load_estimator(
    name: str,
    device: str = "auto",
    threads: int | None = None,
    precision: runtime.Precision = "fp32",
) -> PoseEstimator:
    """``load``, and ModelError unless it is a pose estimator."""
    spec = _for_task(name, "pose", "pose models")
    model: PoseEstimator = _open(spec, device, threads, precision)  # type: ignore[assignment] # by its task
    return model


def load_appearance(name: str, device: str = "auto", threads: int | None = None) -> AppearanceModel:
    """``load``, and ModelError unless it describes what people look like."""
    spec = _for_task(name, "appearance", "appearance models")
    model: AppearanceModel = _open(spec, device, threads, "fp32")  # type: ignore[assignment] # by its task
    return model


def effective_precision(
    spec: ModelSpec, precision: runtime.Precision, device: str
) -> runtime.Precision:
    """The numbers that ``load`` makes a network compute in: fp32, int8 or fp16.

    A network without an 8-bit form stays in fp32. ModelError as ``runtime.wants_int8``.
    """
    eight = runtime.wants_int8(precision, device)
    has_eight = isinstance(spec.network, PackagedNetwork) and spec.network.int8 is not None
    if eight and has_eight:
        return "int8"
    return "fp16" if precision == "fp16" else "fp32"


def _for_task(name: str, task: Task, plural: str) -> ModelSpec:
    spec = find(name)
    if spec.task != task:
        known = ", ".join(names(task)) or "none; import one"
        raise ModelError(f"model {name!r} is for {spec.task}, not {task}; {plural}: {known}")
    return spec


def _open(
    spec: ModelSpec, device: str, threads: int | None, precision: runtime.Precision
) -> Loaded:
    if spec.network is None:
        raise ModelError(f"model {spec.name!r} is for {spec.task} and is not loaded here")
    numbers = effective_precision(spec, precision, device)
    source = spec.network
    if numbers == "int8" and isinstance(source, PackagedNetwork) and source.int8 is not None:
        spec, source = replace(spec, network=source.int8), source.int8
    network = source.open(spec.input, device, threads)
    return assemble(spec, runtime.in_half(network) if numbers == "fp16" else network)


def verify() -> list[dict[str, str | None]]:
    """``name`` and ``error`` (None: intact) of every packaged file and every other model."""
    rows: list[dict[str, str | None]] = []
    for network in NETWORKS:
        rows += [{"name": name, "error": error} for name, error in network.files()]
    for spec in _registered.values():
        problems = [error for _, error in spec.network.files() if error] if spec.network else []
        rows.append({"name": spec.name, "error": problems[0] if problems else None})
    for path in user_models.folders():
        error = None
        try:
            model = user_models.find(path.name)
            if model is not None and model.network is not None:
                error = next((e for _, e in model.network.files() if e), None)
        except ModelError as problem:
            error = str(problem)
        rows.append({"name": path.name, "error": error})
    return rows


def size(spec: ModelSpec) -> int | None:
    """Bytes of a model's files; None where it has none, or its source does not say."""
    measure = getattr(spec.network, "size", None)
    found: int | None = None if measure is None else measure()
    return found
