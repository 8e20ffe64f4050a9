"""The models by name: those of the package and those a user imported."""

from hie_cli.core.errors import ModelError, nearest
from hie_cli.models import networks, user_models, weights
from hie_cli.models.base import Detector, Network, PoseEstimator
from hie_cli.models.manifest import Manifest
from hie_cli.models.packaged import MODELS, NETWORKS, Packaged


def names(task: str | None = None) -> list[str]:
    """The names of all models, or of those for ``task`` ("detect", "pose"), imported ones last."""
    models: list[Packaged | Manifest] = [*MODELS, *user_models.installed()]
    return [model.name for model in models if task in (None, model.task)]


def find(name: str) -> Packaged | Manifest:
    """The model called ``name``; ModelError with the nearest known name otherwise."""
    model = next((m for m in MODELS if m.name == name), None) or user_models.find(name)
    if model is not None:
        return model
    raise ModelError(
        f"model {name!r} is unknown{nearest(name, names())}; `hie models list` shows all"
    )


def load(name: str, device: str = "auto", threads: int | None = None) -> Detector | PoseEstimator:
    """The model called ``name``, ready to run on ``device`` (auto, cpu, cuda or mps).

    ``threads`` bounds the CPU threads of the network (None: every CPU this process may use).
    ModelError for an unknown name, missing or damaged files, or a device this machine lacks.
    """
    model = find(name)
    if isinstance(model, Packaged):
        state = networks.packaged_state(model.network)
        network = _network(model.network, state, model.network, device, threads)
        return assemble(model, model.name, NETWORKS[model.network].weights, network)
    data, origin = user_models.content(model), str(user_models.file_of(model))
    if model.like is None:
        from hie_cli.models import foreign

        return foreign.build(data, model, device, threads)
    like = next(m for m in MODELS if m.name == model.like)
    network = _network(like.network, weights.read_state(data, origin), origin, device, threads)
    return assemble(like, model.name, model.sha256, network)


def load_detector(name: str, device: str = "auto", threads: int | None = None) -> Detector:
    """``load``, and ModelError unless it is a detector."""
    from hie_cli.models.detectors import ImageDetector

    model = load(name, device, threads)
    if isinstance(model, ImageDetector):
        return model
    raise ModelError(f"model {name!r} estimates poses; detectors: {', '.join(names('detect'))}")


def load_estimator(name: str, device: str = "auto", threads: int | None = None) -> PoseEstimator:
    """``load``, and ModelError unless it is a pose estimator."""
    from hie_cli.models.estimators import CropEstimator

    model = load(name, device, threads)
    if isinstance(model, CropEstimator):
        return model
    raise ModelError(f"model {name!r} detects; pose models: {', '.join(names('pose'))}")


def _network(
    network: str, state: weights.State, origin: str, device: str, threads: int | None
) -> Network:
    """The network with ``state``: on the CPU ONNX Runtime, elsewhere torch."""
    from hie_cli.models import runtime

    place = runtime.resolve_device(device)
    if place != "cpu":
        built = networks.empty(network)
        weights.fill(built, state, origin)
        return runtime.TorchNetwork(built, place, threads)
    path = weights.PACKAGED / f"{network}.onnx"
    graph = weights.checked_bytes(path, NETWORKS[network].graph, networks.REPAIR)
    return runtime.OnnxNetwork(graph, state, origin, threads)


def assemble(model: Packaged, name: str, sha256: str, network: Network) -> Detector | PoseEstimator:
    """The packaged ``model``'s pipeline round ``network``, called ``name``."""
    from hie_cli.models import detectors, estimators

    if model.task == "detect":
        decode = (
            detectors.nanodet_people(floor=0.05)
            if model.network == "nanodet"
            else detectors.multipose_people(floor=0.1)
        )
        fit = detectors.any_size(model.size)
        return detectors.ImageDetector(name, sha256, network, fit, decode)
    poses = (
        estimators.multipose_on_crops
        if model.network == "movenet-multipose"
        else estimators.single_pose
    )
    size = (model.size, model.size)
    return estimators.CropEstimator(name, sha256, network, size, model.context or 1.0, poses)


def verify() -> list[dict[str, str | None]]:
    """``name`` and ``error`` (None: intact) of every packaged file and imported model."""
    rows: list[dict[str, str | None]] = []
    for network, files in NETWORKS.items():
        for name, sha256 in (
            (f"{network}.safetensors", files.weights),
            (f"{network}.onnx", files.graph),
        ):
            error = None
            try:
                weights.checked_bytes(weights.PACKAGED / name, sha256, networks.REPAIR)
            except ModelError as problem:
                error = str(problem)
            rows.append({"name": name, "error": error})
    for path in user_models.folders():
        error = None
        try:
            if (model := user_models.find(path.name)) is not None:
                user_models.content(model)
        except ModelError as problem:
            error = str(problem)
        rows.append({"name": path.name, "error": error})
    return rows
