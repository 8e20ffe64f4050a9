"""Models a user imported: checked, copied into the user's model folder, found again by name.

The folder is ``$HIE_MODELS`` or ``~/.local/share/hie/models``; each model has its own, holding
``manifest.yaml`` and ``model.onnx`` or ``weights.safetensors``.
"""

import contextlib
import dataclasses
import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from hie_cli.core.errors import HieError, ModelError
from hie_cli.models import manifest, weights
from hie_cli.models.manifest import Manifest
from hie_cli.models.packaged import MODELS

_MANIFEST = "manifest.yaml"
_FIX = "import it again with `hie models import`"


def folder() -> Path:
    """Where imported models live; it may not exist."""
    given = os.environ.get("HIE_MODELS")
    return Path(given) if given else Path.home() / ".local" / "share" / "hie" / "models"


def installed() -> list[Manifest]:
    """The imported models, by name; one whose manifest is damaged is left to ``find``."""
    found = []
    for path in folders():
        with contextlib.suppress(ModelError):
            found.append(_read(path))
    return found


def folders() -> list[Path]:
    """The folders of imported models, damaged ones too."""
    try:
        paths = sorted(folder().iterdir())
    except OSError:
        return []
    return [p for p in paths if (p / _MANIFEST).is_file() and not p.name.startswith(".")]


def find(name: str) -> Manifest | None:
    """The imported model called ``name``, None if there is none; ModelError if it is damaged."""
    return next((_read(path) for path in folders() if path.name == name), None)


def file_of(model: Manifest) -> Path:
    """The model's own file."""
    name = "model.onnx" if model.like is None else "weights.safetensors"
    return folder() / model.name / name


def content(model: Manifest) -> bytes:
    """The bytes of the model's file; ModelError if missing or changed since the import."""
    return weights.checked_bytes(file_of(model), model.sha256, _FIX)


def install(path: Path, manifest_path: Path, *, replace: bool = False) -> Manifest:
    """Import the file ``path`` as ``manifest_path`` describes it, and return what was stored.

    ModelError, with nothing stored, where the manifest is wrong, the sha256 is another, the name
    is taken, or a trial run shows that the file does not fit its decoder.
    """
    model = manifest.read(manifest_path)
    target = folder() / model.name
    if model.name in [packaged.name for packaged in MODELS]:
        raise ModelError(f"{manifest_path}: name: {model.name!r} is a packaged model's name")
    if target.exists() and not replace:
        raise ModelError(f"{target}: already imported; use --replace, or another name")
    data = weights.checked_bytes(
        path, model.sha256, f"give the sha256 of {path.name} in the manifest"
    )
    if model.like is not None:
        data = _as_safetensors(path, data)
        model = dataclasses.replace(model, sha256=hashlib.sha256(data).hexdigest())
    _try(model, data, path)
    _store(model, data, target)
    return model


def _try(model: Manifest, data: bytes, path: Path) -> None:
    """Run the model once; ModelError begins with the file."""
    from hie_cli.models import foreign, networks

    try:
        if model.like is None:
            foreign.probe(foreign.build(data, model, "cpu", 1))
        else:
            state = weights.read_state(data, path.name)
            like = next(m for m in MODELS if m.name == model.like)
            weights.fill(networks.empty(like.network), state, path.name)
            if not all(np.isfinite(array).all() for array in state.values()):
                raise ModelError("the weights are not all finite")
    except HieError as error:
        raise ModelError(f"{path}: refused: {error}") from None


def _as_safetensors(path: Path, data: bytes) -> bytes:
    """A state dict as the bytes of a safetensors file; torch files are read with weights_only."""
    if path.suffix == ".safetensors":
        weights.read_state(data, str(path))
        return data
    import io
    import pickle

    import torch
    from safetensors.torch import save

    try:
        state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelError(f"{path}: not a torch file of plain weights ({reason})") from None
    tensors = isinstance(state, dict) and all(isinstance(v, torch.Tensor) for v in state.values())
    if not tensors:
        raise ModelError(f"{path}: expected a state dict, layer names to tensors, and nothing else")
    return save({name: value.contiguous().clone() for name, value in sorted(state.items())})


def _store(model: Manifest, data: bytes, target: Path) -> None:
    """Write the model's folder beside its place, then move it there in one step."""
    fields = dataclasses.asdict(model)
    del fields["task"]
    plain = {key: list(v) if isinstance(v, tuple) else v for key, v in fields.items()}
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".importing-", dir=target.parent))
        try:
            (scratch / file_of(model).name).write_bytes(data)
            text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True)
            (scratch / _MANIFEST).write_text(text, encoding="utf-8")
            if target.exists():
                target.rename(scratch / "replaced")
            scratch.rename(target)
            shutil.rmtree(target / "replaced", ignore_errors=True)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    except OSError as error:
        raise ModelError(f"{target}: cannot be written ({error.strerror})") from None


def _read(path: Path) -> Manifest:
    """The stored manifest of the folder ``path``, whose name must be the model's."""
    model = manifest.read(path / _MANIFEST)
    if model.name != path.name:
        raise ModelError(f"{path / _MANIFEST}: name: {model.name!r} is not its folder's; {_FIX}")
    return model


def describe(model: Manifest) -> dict[str, Any]:
    """The manifest as plain values, for printing."""
    return {**dataclasses.asdict(model), "file": str(file_of(model))}
