"""Importing a model file: with a manifest that describes it, or by finding out what it is."""

import dataclasses
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hie_cli.core.errors import ModelError, nearest
from hie_cli.core.types import Image
from hie_cli.models import assembly, user_models
from hie_cli.models.appearance import CropEmbedder
from hie_cli.models.base import PoseEstimator
from hie_cli.models.decoders.layouts import LAYOUTS, name_of
from hie_cli.models.detectors import ImageDetector
from hie_cli.models.imported_network import ImportedNetwork
from hie_cli.models.importing import picture, show
from hie_cli.models.importing.recognise import Recognised, recognise
from hie_cli.models.manifest import Described, Manifest, parse
from hie_cli.models.onnx_bytes import check_self_contained
from hie_cli.models.spec import ModelSpec
from hie_cli.models.trial import TrialSession

_LARGEST = 2 * 2**30  # bytes; a protocol buffer cannot be longer
_PICTURE = "seen.png"
# Files of other programs: how they begin, or end, and what to do instead.
_OTHERS: tuple[tuple[str, bytes, int, str], ...] = (
    (".tflite", b"TFL3", 4, "a TensorFlow Lite file; convert it (python -m tf2onnx.convert "
     "--tflite FILE --output OUT.onnx)"),
    (".pt .pth .ckpt .torchscript", b"PK\x03\x04", 0, "a PyTorch file: weights without their "
     "network, or TorchScript; export the network with torch.onnx.export, or give a manifest with "
     "`like` where they are weights of a packaged network"),
    (".pkl .pickle .pdparams", b"\x80", 0, "a pickle, which would run code when read; export the "
     "network with torch.onnx.export (or paddle2onnx) where you trust it"),
    (".h5 .keras", b"\x89HDF", 0, "a Keras file; convert it (python -m tf2onnx.convert --keras "
     "FILE --output OUT.onnx)"),
    (".engine .trt .plan", b"ftrt", 0, "a TensorRT engine, made for one kind of GPU; import the "
     "ONNX file that it was made of"),
    (".xml .bin .param", b"<?xml", 0, "a file of OpenVINO or ncnn; import the ONNX file that it "
     "was made of"),
    (".safetensors", b"", 0, "weights without their network; give a manifest with `like` (weights "
     "of a packaged network), or export the network with torch.onnx.export"),
    (".zip .tar .gz", b"\x1f\x8b", 0, "an archive; unpack it and import the .onnx file in it"),
)  # fmt: skip


@dataclass(frozen=True)
class Imported:
    """An imported model: its record, and how it was understood.

    ``layout``: the decoder's name, or the packaged model whose network it is · ``assumptions``,
    ``doubts`` and ``seen``: see ``recognise.Recognised``; empty with a manifest · ``picture``: a
    PNG of what it saw, None with a manifest.
    """

    spec: ModelSpec
    layout: str
    assumptions: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    seen: str = ""
    picture: Path | None = None


def import_model(
    file: Path | str,
    manifest: Path | str | None = None,
    *,
    name: str | None = None,
    licence: str = "not stated",
    set: Mapping[str, Any] | None = None,
    accept_doubts: bool = False,
    overwrite: bool = False,
) -> Imported:
    """Import a model file, to be used by its name (docs/models.md).

    With a ``manifest`` (YAML) as that says. Without, its layout is found out by trying it on
    pictures with people; ``name`` is then the file's own in lower case unless given, and ``set``
    holds keys of a manifest that are known (``colour``, ``input_size`` and so on). Doubts are
    refused unless ``accept_doubts``. ``overwrite`` replaces an imported one of that name. Raises
    ModelError, with nothing stored.
    """
    path = Path(file)
    if manifest is not None:
        spec = user_models.install(path, Path(manifest), overwrite=overwrite)
        return Imported(spec, spec.architecture)
    data = _read(path)
    fixed = _settings(set or {})
    title = name or re.sub(r"[^a-z0-9._-]+", "-", path.stem.lower()).strip("-._") or "model"
    user_models.check_name(title, "--name", overwrite=overwrite)
    check_self_contained(data, str(path))
    with TrialSession(data, str(path)) as session:
        found = recognise(session, str(path), fixed)
        if found.doubts and not accept_doubts:
            raise ModelError(
                f"{path}: {found.assumptions[0]}; {found.assumptions[1]}; but "
                f"{'; '.join(found.doubts)}: state which with "
                "--set KEY=VALUE, or accept them with --accept-doubts"
            )
        model = _describe(found, fixed, title, licence, data, path)
        network = ImportedNetwork(session, title, model.spec(path.parent).input)
        loaded = assembly.assemble(model.spec(path.parent), network)
        drawn = show.png(_seen(loaded))
    user_models.store(model, data, {_PICTURE: drawn})
    folder = user_models.folder() / title
    return Imported(
        model.spec(folder), name_of(found.layout), found.assumptions, found.doubts, found.seen,
        folder / _PICTURE,
    )  # fmt: skip


def _read(path: Path) -> bytes:
    """The file's bytes; ModelError for what is not ONNX, in words that help."""
    try:
        if path.stat().st_size > _LARGEST:
            raise ModelError(f"{path}: larger than 2 GiB, which no ONNX file is")
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from None
    ending = path.suffix.lower()
    for endings, start, at, words in _OTHERS:
        if ending in endings.split() or (start and data[at : at + len(start)] == start):
            raise ModelError(f"{path}: {words}")
    return data


def _settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """The known keys of a manifest, lists as tuples; ModelError for an unknown one."""
    known = {field.name for field in dataclasses.fields(Manifest)}
    for layout in LAYOUTS.values():
        known |= {field.name for field in dataclasses.fields(layout)}  # type: ignore[arg-type] # dataclasses
    for key in given:
        if key not in known or key in ("name", "sha256", "like"):
            raise ModelError(f"--set {key}: unknown key{nearest(key, sorted(known))}")
    return {key: tuple(v) if isinstance(v, list) else v for key, v in given.items()}


def _describe(
    found: Recognised, fixed: Mapping[str, Any], name: str, licence: str, data: bytes, path: Path
) -> Described:
    """The manifest of what was found."""
    spec = found.input
    values: dict[str, Any] = {
        "name": name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "licence": licence,
        "origin": path.name,
        "decoder": name_of(found.layout),
        "input_size": list(spec.size_wh),
        "any_size": spec.any_size,
        "colour": spec.colour,
        "mean": list(spec.mean),
        "std": list(spec.std),
        "batch": spec.batch,
        "batched": spec.batched,
    }
    if found.layout.task == "detect":
        values["resize"] = spec.resize
    values |= dataclasses.asdict(found.layout)  # type: ignore[call-overload] # a dataclass
    return parse(values | dict(fixed), str(path))


def _seen(model: assembly.Loaded) -> Image:
    """What the model says of the test picture, drawn."""
    image = picture.read()
    if isinstance(model, ImageDetector):
        return show.people(image, model.detect([image])[0])
    if isinstance(model, CropEmbedder):
        before = picture.read("people_second_earlier")
        now, then = model.embed([image, before], [picture.BOXES, picture.EARLIER_BOXES])
        alike = np.asarray(now @ then.T)
        return show.likeness(image, picture.BOXES, before, picture.EARLIER_BOXES, alike)
    estimator: PoseEstimator = model  # type: ignore[assignment] # the one task that is left
    return show.poses(image, estimator.estimate([image], [picture.BOXES])[0][0])
