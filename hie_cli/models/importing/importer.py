"""Importing a model file: with a manifest that describes it, or by finding out what it is."""

import dataclasses
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from hie_cli.core.errors import ConfigError, ModelError, nearest
from hie_cli.models import assembly, user_models
from hie_cli.models.calibration import ScoreCalibration
from hie_cli.models.decoders.layouts import LAYOUTS, name_of
from hie_cli.models.detectors import ImageDetector
from hie_cli.models.imported_network import ImportedNetwork, Session
from hie_cli.models.importing import show
from hie_cli.models.importing.batching import takes_several
from hie_cli.models.importing.first_scores import first_scores
from hie_cli.models.importing.look import Look, look
from hie_cli.models.importing.recognise import Recognised, recognise
from hie_cli.models.manifest import Described, Manifest, parse
from hie_cli.models.onnx_bytes import check_self_contained
from hie_cli.models.parts import PeopleDecoder
from hie_cli.models.spec import ModelSpec
from hie_cli.models.trial import TrialSession
from hie_cli.models.weights import file_bytes

_PICTURE = "seen.png"
# Files of other programs: how they begin, or end, and what to do instead.
_OTHERS: tuple[tuple[str, bytes, int, str], ...] = (
    (".tflite", b"TFL3", 4, "a TensorFlow Lite file; convert it (python -m tf2onnx.convert "
     "--tflite FILE --output OUT.onnx)"),
    (".pt .pth .ckpt .torchscript", b"PK\x03\x04", 0, "a PyTorch file: weights without their "
     "network, or TorchScript; export the network with torch.onnx.export, or give a manifest with "
     "`like` where they are weights of a packaged network"),
    (".pb .tf", b"", 0, "a TensorFlow graph; convert it (python -m tf2onnx.convert --graphdef FILE "
     "--output OUT.onnx)"),
    (".mlmodel .mlpackage", b"", 0, "a Core ML file; import the ONNX file that it was made of, or "
     "export the network with torch.onnx.export"),
    (".ort", b"ORTM", 4, "a graph in ONNX Runtime's own form; import the ONNX file that it was "
     "made of"),
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
    ``doubts``: see ``recognise.Recognised``; ``seen``: what the model says of the test picture, in
    words · ``picture``: a PNG of that. Weights of a packaged network have none of these.
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
    picture_file: Path | str | None = None,
) -> Imported:
    """Import a model file, to be used by its name (docs/models.md).

    With a ``manifest`` (YAML) as that says. Without, its layout is found out by trying it on
    pictures with people; ``name`` is then the file's own in lower case unless given, and ``set``
    holds keys of a manifest that are known (``colour``, ``input_size`` and so on).
    ``picture_file``: where to draw what it sees (PNG) besides its own folder, doubts or not.
    ``overwrite`` replaces an imported one of that name. Raises ModelError, and ConfigError for
    doubts that are not accepted: that it sees nobody on the test picture, or that another reading
    does as well. Nothing is stored then.
    """
    path = Path(file)
    if manifest is not None:
        return _described(path, Path(manifest), accept_doubts, overwrite, picture_file)
    data = _read(path)
    fixed = _settings(set or {})
    title = name or re.sub(r"[^a-z0-9._-]+", "-", path.stem.lower()).strip("-._") or "model"
    user_models.check_name(title, "--name", overwrite=overwrite)
    check_self_contained(data, str(path))
    with TrialSession(data, str(path)) as session:
        found = recognise(session, str(path), fixed)
        guess = None if "score_calibration" in fixed else _scores(session, title, found)
    drawn = show.png(found.look.drawn)
    if picture_file is not None:
        user_models.write(Path(picture_file), drawn)
    if found.doubts and not accept_doubts:
        raise ConfigError(
            f"{path}: {'; '.join((*found.assumptions[:2], 'but ' + found.doubts[0]))}: state what "
            "you know with --set KEY=VALUE, or accept this with --accept-doubts"
        )
    assumptions = found.assumptions
    if guess is not None:
        fixed |= _calibration(guess)
        assumptions = (*assumptions, _words(guess))
    model = _describe(found, fixed, title, licence, data, path)
    user_models.store(model, data, {_PICTURE: drawn})
    folder = user_models.folder() / title
    return Imported(
        model.spec(folder), name_of(found.layout), assumptions, found.doubts,
        found.look.seen, folder / _PICTURE,
    )  # fmt: skip


def _described(
    path: Path,
    manifest: Path,
    accept_doubts: bool,
    overwrite: bool,
    picture_file: Path | str | None,
) -> Imported:
    """Import what a manifest describes; where it sees nobody, that is a doubt."""
    looks: list[Look] = []

    def tried(session: Session, spec: ModelSpec) -> tuple[dict[str, Any], dict[str, bytes]]:
        model = assembly.assemble(spec, ImportedNetwork(session, spec.name, spec.input))
        seen = look(model)
        looks.append(seen)
        drawn = show.png(seen.drawn)
        if picture_file is not None:
            user_models.write(Path(picture_file), drawn)
        if not seen.sees and not accept_doubts:
            raise ConfigError(
                f"{path}: as {manifest} describes it, it saw {seen.seen} only; mend the manifest, "
                "or accept this with --accept-doubts"
            )
        batch = spec.input.batch if takes_several(session, spec.name, spec.input) else 1
        guess = None
        if isinstance(model, ImageDetector) and spec.score is None and seen.sees:
            guess = first_scores(model)
        told = {} if guess is None else _calibration(guess)
        return {"batch": batch, **told}, {_PICTURE: drawn}

    spec = user_models.install(path, manifest, overwrite=overwrite, tried=tried)
    if not looks:  # weights of a packaged network
        return Imported(spec, spec.architecture)
    doubts = () if looks[0].sees else (f"it saw {looks[0].seen} only",)
    folder = user_models.folder() / spec.name
    return Imported(spec, spec.architecture, (), doubts, looks[0].seen, folder / _PICTURE)


def _scores(session: Session, name: str, found: Recognised) -> ScoreCalibration | None:
    """What a detector's scores mean on the test pictures; None for others, or if it is blind."""
    if found.layout.task != "detect" or not found.look.sees:
        return None
    decoder = cast(PeopleDecoder, found.layout)
    spec = ModelSpec(name, "detect", None, input=found.input, decoder=decoder)
    network = ImportedNetwork(session, name, found.input)
    return first_scores(ImageDetector(spec, network, decoder))


def _calibration(guess: ScoreCalibration) -> dict[str, Any]:
    """The manifest's keys for a first guess."""
    return {
        "score_calibration": guess.coefficients,
        "recall": guess.recall,
        "raw_weight": guess.raw_weight,
    }


def _words(guess: ScoreCalibration) -> str:
    given = np.array([0.3, 0.5, 0.7])
    chances = guess.probability(given, np.full(3, 100.0))
    said = ", ".join(f"{s:.1f} as {c:.2f}" for s, c in zip(given, chances, strict=True))
    return f"scores {said}, by the test pictures (hie models calibrate fits them to your data)"


def _read(path: Path) -> bytes:
    """The file's bytes; ModelError for what is not ONNX, in words that help."""
    try:
        data = file_bytes(path)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from None
    ending = path.suffix.lower()
    by_name = [words for endings, _, _, words in _OTHERS if ending in endings.split()]
    by_content = [words for _, start, at, words in _OTHERS if start and data.startswith(start, at)]
    for words in (*by_name, *by_content):
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
