"""``hie export``: a packaged or trained network as an ONNX file, checked against torch."""

import dataclasses
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from hie_cli.core.errors import ConfigError, ModelError
from hie_cli.core.progress import note
from hie_cli.core.types import FloatArray, Image
from hie_cli.formats.files import require_writable, taken
from hie_cli.models import manifest, registry, user_models
from hie_cli.models.assembly import assemble
from hie_cli.models.export import graph as graphs
from hie_cli.models.export.compare import Compared, of_detectors, of_estimators
from hie_cli.models.export.forms import Form, form_of
from hie_cli.models.images import cut, windows
from hie_cli.models.imported_network import open_network
from hie_cli.models.importing import picture
from hie_cli.models.runtime import TorchNetwork
from hie_cli.models.spec import ModelSpec
from hie_cli.training.accuracy import accuracies
from hie_cli.training.engine.start import weights_of
from hie_cli.video.sources import VideoSource
from hie_cli.video.video_files import find_videos

EXACT = 0.5  # pixels that the float32 file may differ from torch
_FRAMES = 8  # of all clips together, to check on
_EXAMPLES = 32  # pictures, or people, that 8-bit ranges are taken from
_MOST_PEOPLE = 8  # of a frame


@dataclass(frozen=True)
class Exported:
    """One file: its precision (fp32, fp16, int8), bytes, and how it compares with torch.

    accuracy, torch_accuracy: figures on labelled pictures by name, of the file and of the torch
    network; empty without.
    """

    file: Path
    precision: str
    bytes: int
    compared: Compared
    accuracy: dict[str, float] = field(default_factory=dict)
    torch_accuracy: dict[str, float] = field(default_factory=dict)


def export_model(
    name: str,
    onnx: Path | str,
    *,
    int8: Sequence[str | Path] = (),
    fp16: bool = False,
    check: Sequence[str | Path] = (),
    truth: Path | str | None = None,
    overwrite: bool = False,
) -> list[Exported]:
    """Write the network ``name`` (packaged, or a trained folder) as an ONNX file, and a manifest.

    int8: clips to take the ranges of 8 bits from; a file in 8 bits is written, too · fp16: one in
    float16 as well · check: clips to compare on (default: those of ``int8``, or the packaged
    picture) · truth: a DATA.yaml; on the pictures that it holds out the accuracy of torch and of
    each file is measured. Each file has a manifest of the same name, with which ``import_model``
    takes it.
    Raises ConfigError for a network that cannot be exported or a file that is there, ModelError
    where the float32 file differs from torch by more than half a pixel.
    """
    target = Path(onnx)
    spec = registry.find(name)
    module = weights_of(spec, name)
    files = {"fp32": target}
    if fp16:
        files["fp16"] = target.with_name(f"{target.stem}-fp16{target.suffix or '.onnx'}")
    if int8:
        files["int8"] = target.with_name(f"{target.stem}-int8{target.suffix or '.onnx'}")
    for path in (*files.values(), *(path.with_suffix(".yaml") for path in files.values())):
        if taken(path) and not overwrite:
            raise ConfigError(f"{path}: already there; --overwrite or another --onnx")
    require_writable(target.parent)
    graphs.require_onnx()
    form = form_of(module, spec, name)
    labels = metadata(spec, form)
    size = spec.input.size_wh
    whole = graphs.to_onnx(form.module, form.outputs, size, spec.task == "detect", labels)
    images = list(_frames(check or int8, _FRAMES)) or [picture.read()]
    boxes = _people(spec, images)
    done: list[Exported] = []
    models: list[Any] = [assemble(spec, TorchNetwork(module, "cpu"))]
    for precision, path in files.items():
        note(f"{path.name}: {precision}")
        data = whole
        if precision == "fp16":
            data = graphs.half(whole, labels)
        elif precision == "int8":
            data = graphs.int8(whole, list(_examples(spec, int8)), labels)
        models.append(_read(spec, form, data))
        compared = _compared(models[0], models[-1], images, boxes)
        if not compared.count + compared.lost:
            note(f"{name}: sees nobody for sure here: nothing compared; give --check CLIP")
        exact = compared.worst <= EXACT and not compared.lost
        if precision == "fp32" and not exact:
            raise ModelError(
                f"{name}: the graph differs from torch by {compared.worst} pixels "
                f"({compared.lost} people lost); not written"
            )
        user_models.write(path, data)
        values = _manifest(spec, form, path, data)
        text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True)
        user_models.write(path.with_suffix(".yaml"), text.encode())
        done.append(Exported(path, precision, len(data), compared))
    if truth is None:
        return done
    before, *each = accuracies(models, truth)
    return [
        dataclasses.replace(one, accuracy=found, torch_accuracy=before)
        for one, found in zip(done, each, strict=True)
    ]


def metadata(spec: ModelSpec, form: Form) -> dict[str, str]:
    """What the file says of itself."""
    return {
        "task": spec.task,
        "layout": form.layout,
        "classes": "person",
        "input": "images (N, 3, H, W) float, BGR planes of 0..255, normalised inside",
        "size": _size(spec),
        "output": form.told,
        "licence": spec.licence,
        "source": spec.source,
        "weights_sha256": spec.sha256,
    }


def _size(spec: ModelSpec) -> str:
    """The size of the input in words; of a detector the one it was trained at."""
    width, height = spec.input.size_wh
    return f"{width} x {height}" + (" by default, any other" if spec.task == "detect" else "")


def _manifest(spec: ModelSpec, form: Form, path: Path, data: bytes) -> dict[str, Any]:
    """With which ``hie models import`` takes the file."""
    name = re.sub(r"[^a-z0-9._-]", "-", path.stem.lower()).strip("-._") or "exported"
    values: dict[str, Any] = {
        "name": name[:64],
        "sha256": hashlib.sha256(data).hexdigest(),
        "licence": spec.licence,
        "origin": spec.source,
        "input_size": list(spec.input.size_wh),
        "padding": spec.input.padding,
        **form.manifest,
    }
    if spec.task == "detect":
        values |= {"resize": "fit", "any_size": True}
    else:
        values["context"] = spec.input.context
    if spec.score is not None:
        values |= {
            "score_calibration": list(spec.score.coefficients),
            "recall": list(spec.score.recall),
            "blur": spec.score.blur,
            "raw_weight": spec.score.raw_weight,
        }
    if spec.joints is not None:
        values["joint_calibration"] = list(spec.joints.coefficients)
    if spec.cost is not None:
        values["cost"] = spec.cost
    return values


def _read(spec: ModelSpec, form: Form, data: bytes) -> Any:
    """The file as a model, as its manifest describes it."""
    described = manifest.parse(_manifest(spec, form, Path("exported.onnx"), data), "export")
    theirs = dataclasses.replace(described.spec(Path()), name="exported")
    return assemble(theirs, open_network(data, "exported", theirs.input, "cpu", None))


def _compared(
    own: Any, other: Any, images: Sequence[Image], boxes: Sequence[NDArray[np.floating]]
) -> Compared:
    if own.spec.task == "detect":
        return of_detectors(own, other, images)
    return of_estimators(own, other, images, boxes)


def _frames(clips: Sequence[str | Path], count: int) -> Iterator[Image]:
    """``count`` pictures of all clips together, spread evenly over each."""
    paths = find_videos([str(clip) for clip in clips]) if clips else []
    each = -(-count // max(len(paths), 1))
    for path in paths:
        video = VideoSource(path)
        step = max(1, len(video) // each)
        given = 0
        for frame in video:
            if frame.index % step == 0 and given < each:
                given += 1
                yield frame.image


def _people(spec: ModelSpec, images: Sequence[Image]) -> list[NDArray[np.floating]]:
    """For pose networks: people in each picture, as NanoDet sees them."""
    if spec.task != "pose":
        return []
    detector = registry.load_detector("nanodet", "cpu")
    found = [detector.detect([image])[0] for image in images]
    return [each.boxes[each.scores >= 0.4][:_MOST_PEOPLE] for each in found]


def _examples(spec: ModelSpec, clips: Sequence[str | Path]) -> Iterator[FloatArray]:
    """Inputs (1, 3, H, W) as the network will see them."""
    images = list(_frames(clips, _EXAMPLES))
    if spec.task == "detect":
        for image in images:
            box = spec.input.letterbox((image.shape[0], image.shape[1]), None)
            yield np.asarray(box.batch([image]).transpose(0, 3, 1, 2), np.float32)
        return
    size = spec.input.size_wh
    given = 0
    for image, boxes in zip(images, _people(spec, images), strict=True):
        for window in windows(boxes, spec.input.context, size[0] / size[1]):
            if given < _EXAMPLES:
                given += 1
                crop = cut(image, window, size)
                yield np.asarray(crop.transpose(2, 0, 1)[None], np.float32)
    if not given:
        raise ConfigError("--int8: nobody is seen in these clips; give some with people")
