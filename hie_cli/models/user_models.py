"""Models a user imported: checked, copied into the user's model folder, found again by name.

The folder is ``$HIE_MODELS`` or the user's data folder of the platform; each model has its own,
holding ``manifest.yaml`` and ``model.onnx`` or ``weights.safetensors``.
"""

import contextlib
import dataclasses
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from hie_cli.core import torch_files
from hie_cli.core.errors import ConfigError, HieError, ModelError
from hie_cli.core.partial_files import partial_path
from hie_cli.models import assembly, manifest, weights
from hie_cli.models.imported_network import ImportedNetwork, Session
from hie_cli.models.manifest import Described
from hie_cli.models.network_files import PackagedNetwork, UntrainedNetwork
from hie_cli.models.onnx_bytes import check_self_contained
from hie_cli.models.packaged import MODELS, network_of
from hie_cli.models.spec import ModelSpec

_MANIFEST = "manifest.yaml"
_FIX = "import it again with `hie models import`"
Tried = Callable[[Session, ModelSpec], tuple[Mapping[str, Any], Mapping[str, bytes]]]


def folder() -> Path:
    """Where imported models live; it may not exist."""
    given = os.environ.get("HIE_MODELS")
    if given:
        return Path(given)
    import platformdirs

    return Path(platformdirs.user_data_dir("hie", appauthor=False)) / "models"


def installed() -> list[ModelSpec]:
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
        return [p for p in paths if (p / _MANIFEST).is_file() and not p.name.startswith(".")]
    except OSError:
        return []


def find(name: str) -> ModelSpec | None:
    """The imported model called ``name``, None if there is none; ModelError if it is damaged."""
    return next((_read(path) for path in folders() if path.name == name), None)


def install(
    path: Path, manifest_path: Path, *, overwrite: bool = False, tried: Tried | None = None
) -> ModelSpec:
    """Import the file ``path`` as ``manifest_path`` describes it, and return what was stored.

    ``tried`` is called with an ONNX file's trial session and the model, and gives changes of the
    manifest and further files to store.

    ModelError, with nothing stored, where the manifest is wrong, the sha256 is another, the name
    is taken (``overwrite`` replaces an imported one), or a trial run shows that the file does not
    fit its decoder.
    """
    model = manifest.read(manifest_path)
    name, sha256 = model.manifest.name, model.manifest.sha256
    check_name(name, f"{manifest_path}: name", overwrite=overwrite)
    data = weights.checked_bytes(path, sha256, f"give the sha256 of {path.name} in the manifest")
    if model.layout is None:
        data = _as_safetensors(path, data, network_of(manifest.packaged(model.manifest.like)))
        changed = dataclasses.replace(model.manifest, sha256=hashlib.sha256(data).hexdigest())
        model = dataclasses.replace(model, manifest=changed)
    model, others = _tried(model, data, path, tried)
    store(model, data, others)
    return model.spec(folder() / name)


def check_name(name: str, place: str, *, overwrite: bool) -> None:
    """ModelError, beginning with ``place``, where a new model cannot have this name."""
    if name in [packaged.name for packaged in MODELS]:
        raise ModelError(f"{place}: {name!r} is a packaged model's name")
    target = folder() / name
    try:
        there = target.exists()
    except OSError as error:
        raise ModelError(f"{place}: cannot name a model ({error.strerror})") from None
    if there and not overwrite:
        raise ModelError(f"{target}: already imported; --overwrite replaces it")


def _tried(
    model: Described, data: bytes, path: Path, tried: Tried | None
) -> tuple[Described, Mapping[str, bytes]]:
    """Run the model once; ModelError begins with the file. Adds what only the graph tells."""
    from hie_cli.models.trial import TrialSession

    spec = model.spec(path.parent)
    others: Mapping[str, bytes] = {}
    try:
        if model.layout is not None:
            check_self_contained(data, spec.name)
            with TrialSession(data, spec.name) as session:
                graph = ImportedNetwork(session, spec.name, spec.input)
                changed = dataclasses.replace(
                    model.manifest, any_size=graph.any_size and spec.task == "detect"
                )
                model = dataclasses.replace(model, manifest=changed)
                spec = model.spec(path.parent)
                assembly.probe(assembly.assemble(spec, graph))
                if tried is not None:
                    changes, others = tried(session, spec)
                    changed = dataclasses.replace(model.manifest, **changes)
                    model = dataclasses.replace(model, manifest=changed)
        else:
            state = weights.read_state(data, path.name)
            network = network_of(manifest.packaged(model.manifest.like))
            weights.fill(network.build(), state, path.name)
            if not all(np.isfinite(array).all() for array in state.values()):
                raise ModelError("the weights are not all finite")
    except ConfigError:
        raise
    except HieError as error:
        raise ModelError(f"{path}: refused: {error}") from None
    return model, others


def _as_safetensors(path: Path, data: bytes, network: PackagedNetwork | UntrainedNetwork) -> bytes:
    """A state dict as the bytes of a safetensors file, layers named as ``network`` does.

    Torch files are read with weights_only.
    """
    if path.suffix == ".safetensors":
        weights.read_state(data, str(path))
        return data
    import io

    import torch
    from safetensors.torch import save

    try:
        state = torch_files.plain(io.BytesIO(data))
    except ValueError as error:
        raise ModelError(f"{path}: not a torch file of plain weights ({error})") from None
    if not isinstance(state, dict):
        raise ModelError(f"{path}: expected a state dict, layer names to tensors, and nothing else")
    # How many batches a normalisation has seen is no weight.
    state = {k: v for k, v in state.items() if not str(k).endswith("num_batches_tracked")}
    for name, value in state.items():
        plain = isinstance(name, str) and isinstance(value, torch.Tensor)
        if not (plain and value.layout == torch.strided and value.is_floating_point()):
            raise ModelError(
                f"{path}: {name!r} is no plain tensor of floats; expected a state dict, "
                "layer names to tensors, and nothing else"
            )
    floats = (torch.float16, torch.float32)
    if isinstance(network, UntrainedNetwork):
        state = {network.present_name(name): value for name, value in state.items()}
    return save(
        {
            name: (value if value.dtype in floats else value.float()).contiguous().clone()
            for name, value in sorted(state.items())
        }
    )


def store(model: Described, data: bytes, others: Mapping[str, bytes] | None = None) -> None:
    """Write the model's folder beside its place, then move it there in one step.

    ``others``: further files by name. ModelError where nothing can be written.
    """
    target = folder() / model.manifest.name
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".importing-", dir=target.parent))
        try:
            for name, content in {model.file_name: data, **(others or {})}.items():
                (scratch / name).write_bytes(content)
            text = yaml.safe_dump(model.values(), sort_keys=False, allow_unicode=True)
            (scratch / _MANIFEST).write_text(text, encoding="utf-8")
            if target.exists():
                target.rename(scratch / "replaced")
            scratch.rename(target)
            shutil.rmtree(target / "replaced", ignore_errors=True)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    except OSError as error:
        raise ModelError(f"{target}: cannot be written ({error.strerror})") from None


def write(path: Path, data: bytes) -> None:
    """Write a file at once or not at all. ModelError where that cannot be done."""
    partial = partial_path(path)
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise ModelError(f"{path}: cannot be written ({error.strerror})") from None


def change(name: str, values: Mapping[str, Any]) -> ModelSpec:
    """Give the imported model ``name`` other ``values`` of its manifest, and return it.

    ModelError where there is no such model, they make no sense, or nothing can be written.
    """
    path = folder() / name / _MANIFEST
    changed = manifest.parse({**manifest.read(path).values(), **values}, str(path))
    text = yaml.safe_dump(changed.values(), sort_keys=False, allow_unicode=True)
    write(path, text.encode())
    return changed.spec(path.parent)


def _read(path: Path) -> ModelSpec:
    """The model of the folder ``path``, whose name must be its folder's."""
    model = manifest.read(path / _MANIFEST)
    if model.manifest.name != path.name:
        raise ModelError(
            f"{path / _MANIFEST}: name: {model.manifest.name!r} is not its folder's; {_FIX}"
        )
    return model.spec(path)
