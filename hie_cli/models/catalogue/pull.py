"""Getting a model of the catalogue: downloaded or copied from a mirror, checked, imported."""

import hashlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from hie_cli.core.errors import ConfigError, ModelError
from hie_cli.models import user_models
from hie_cli.models.catalogue import archive, entries, transfer
from hie_cli.models.catalogue.entries import Entry
from hie_cli.models.importing.importer import Imported, import_model

_DOWNLOADS = ".downloads"  # beside the models: what is not yet imported
_FILES = ".files"  # weights that are no model of their own
MIRROR = "HIE_MODELS_MIRROR"


@dataclass(frozen=True)
class Pulled:
    """What was got.

    ``path``: the model's folder, or a file of weights · ``sha256``: of the file at ``origin``, with
    ``checked``: whether a published checksum confirmed it · ``imported``: None for such weights.
    """

    entry: Entry
    path: Path
    origin: str
    sha256: str
    checked: bool
    imported: Imported | None = None


def available_models() -> Sequence[Entry]:
    """The catalogue of well-known published models, as the package carries it.

    Each has ``name``, ``task``, ``licence``, ``address``, ``checksum`` in words, ``figures`` and so
    on; nothing is downloaded.
    """
    return entries.available()


def pull_model(
    name: str,
    *,
    mirror: Path | str | None = None,
    accept_doubts: bool = False,
    overwrite: bool = False,
) -> Pulled:
    """Download the catalogue's model ``name``, check it and import it under that name.

    ``mirror``: a folder, or an http(s) address, that holds the file under its own name (default:
    the environment's HIE_MODELS_MIRROR); without, its official address. ``accept_doubts``,
    ``overwrite``: as for ``import_model``. Raises ModelError, and ConfigError for doubts; what was
    downloaded is kept then and not got again.
    """
    return pull(entries.find(name), mirror, accept_doubts=accept_doubts, overwrite=overwrite)


def pull(
    entry: Entry, mirror: Path | str | None, *, accept_doubts: bool = False, overwrite: bool = False
) -> Pulled:
    """``pull_model`` of any entry."""
    if not entry.use:
        user_models.check_name(entry.name, entry.name, overwrite=overwrite)
    folder = user_models.folder() / _DOWNLOADS
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(f"{folder}: cannot be made ({error.strerror})") from None
    target = folder / entry.file_name
    origin = _get(entry, target, mirror if mirror is not None else os.environ.get(MIRROR) or None)
    sha256 = _checked(entry.sha256, _sha256(target), origin, target)
    done = _keep(entry, target) if entry.use else _import(entry, target, accept_doubts, overwrite)
    path, imported = done
    target.unlink(missing_ok=True)
    checked = bool(entry.sha256 or entry.member_sha256)
    return Pulled(entry, path, origin, sha256, checked, imported)


def file_of(name: str) -> Path | None:
    """Where pulled weights that are no model of their own lie; None where they are missing."""
    path = user_models.folder() / _FILES / entries.find(name).file_name
    return path if path.is_file() else None


def _get(entry: Entry, target: Path, mirror: Path | str | None) -> str:
    """The file in ``target``; where it came from."""
    address = entry.address
    if mirror is not None:
        scheme = urlsplit(str(mirror)).scheme
        if scheme not in ("http", "https"):
            return _from_folder(entry, target, mirror)
        address = f"{str(mirror).rstrip('/')}/{quote(entry.file_name)}"
    if not target.exists():  # whole, from an earlier call whose import was in doubt
        hosts = entry.hosts if mirror is None else ()
        transfer.fetch(transfer.Source(address, hosts, entry.bytes), target)
    return address


def _from_folder(entry: Entry, target: Path, mirror: Path | str) -> str:
    source = Path(mirror) / entry.file_name
    if not Path(mirror).is_dir():
        raise ConfigError(f"--mirror {mirror}: neither a folder nor an http(s) address")
    if not source.is_file():
        raise ModelError(f"{source}: not in the mirror; put {entry.address} there")
    transfer.copy(source, target)
    return str(source)


def _sha256(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from None


def _checked(wanted: str, found: str, origin: str, target: Path) -> str:
    """``found``; ModelError, the file gone, unless it begins with the digits ``wanted``."""
    if not found.startswith(wanted):
        target.unlink(missing_ok=True)
        raise ModelError(
            f"{origin}: sha256 is {found[:12]}..., expected {wanted[:12]}...: another or a damaged "
            "file, which is not kept; get it again, or `hie models import` a file of your own"
        )
    return found


def _import(
    entry: Entry, target: Path, accept_doubts: bool, overwrite: bool
) -> tuple[Path, Imported]:
    file, known = target, dict(entry.manifest)
    if entry.member:
        data = archive.member(target, entry.member)
        digest = hashlib.sha256(data).hexdigest()
        _checked(entry.member_sha256, digest, f"{target.name}: {entry.member}", target)
        file = target.with_name(f"{entry.name}.onnx")
        user_models.write(file, data)
    try:
        settings: dict[str, Any] = {"origin": entry.address, **known}
        done = import_model(
            file, name=entry.name, licence=entry.licence, set=settings,
            accept_doubts=accept_doubts, overwrite=overwrite,
        )  # fmt: skip
    finally:
        if file is not target:
            file.unlink(missing_ok=True)
    return user_models.folder() / entry.name, done


def _keep(entry: Entry, target: Path) -> tuple[Path, None]:
    """Move weights that are no model of their own to where ``file_of`` finds them."""
    kept = user_models.folder() / _FILES / entry.file_name
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(target, kept)
    except OSError as error:
        raise ModelError(f"{kept}: cannot be written ({error.strerror})") from None
    return kept, None
