"""The field's ``.h5`` files of summaries: features, shots and what people chose; and split files.

One group per video (``video_1``, ...): features (n, D), picks (n,), n_frames, change_points
(S, 2) inclusive, and where there is truth gtscore (n,) and user_summary (U, n_frames). K. Zhou et
al., Deep Reinforcement Learning for Unsupervised Video Summarization (AAAI 2018).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.errors import InputError, input_error
from hie_cli.core.libraries import h5py
from hie_cli.core.types import BoolArray, FloatArray
from hie_cli.formats.files import read_json, refuse_endless, write_error
from hie_cli.formats.limits import MAX_FRAMES

_MOST_NUMBERS = 1 << 28  # of one array: a small file may claim any size


@dataclass(frozen=True, eq=False)
class SummaryVideo:
    """A video as summarisers see it: n samples of its T frames.

    features (n, D) float32 · picks (n,): the samples' frames · shots (S, 2): first and last frame,
    inclusive · gtscore (n,): what a supervised summariser learns · users (U, T): frames that each
    user chose; None where the file has none.
    """

    key: str
    features: FloatArray
    picks: NDArray[np.int64]
    num_frames: int
    shots: NDArray[np.int64]
    gtscore: FloatArray | None = None
    users: BoolArray | None = None


@dataclass(frozen=True)
class Split:
    """Names of videos to learn from and to be judged by."""

    train: tuple[str, ...]
    test: tuple[str, ...]


@contextmanager
def open_h5(path: Path) -> Iterator[Any]:
    """An HDF5 file for reading. Raises InputError where it is none or damaged."""
    library = h5py()
    if not path.is_file():
        raise input_error(path, "no such file", "check the path")
    refuse_endless(path)
    try:
        with library.File(path, "r") as file:
            yield file
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else "damaged"
        raise input_error(
            path, f"not an HDF5 file that can be read ({reason})", "wrong file?"
        ) from None


def array_of(group: Any, name: str, where: str, *, optional: bool = False) -> Any:
    """The array ``name`` of an HDF5 group; None where an optional one is missing. InputError.

    Links and storage that lead to other files are refused: no path is taken from inside a file.
    """
    library = h5py()
    link = group.get(name, getlink=True)
    if link is None:
        if optional:
            return None
        raise InputError(f"{where}: has no {name!r}; expected the layout of docs/summaries.md")
    found = group[name] if isinstance(link, library.HardLink) else None
    if not isinstance(found, library.Dataset):
        raise InputError(f"{where}: {name!r} is no array in this file")
    if found.is_virtual or found.external:
        raise InputError(f"{where}: {name!r} lies in another file; copy it into this one")
    if found.size is None or found.size > _MOST_NUMBERS:
        raise InputError(f"{where}: {name!r} claims shape {found.shape}; too large to be read")
    if found.dtype.kind not in "fiub":
        raise InputError(f"{where}: {name!r} holds no numbers")
    return np.asarray(found[()])


def read_datasets(paths: Sequence[Path]) -> list[SummaryVideo]:
    """The videos of ``.h5`` files, by number; keys are ``FILE/video_1``, without the ending.

    Raises InputError for what is wrong in them, or for two files of one name.
    """
    videos: list[SummaryVideo] = []
    for path in paths:
        with open_h5(path) as file:
            keys = sorted(file, key=lambda key: (len(key), key))
            found = [_video(file, key, path) for key in keys]
        if not found:
            raise input_error(path, "holds no video", "expected a group per video")
        videos += found
    if len({video.key for video in videos}) < len(videos):
        raise InputError(f"{paths[0]}: given twice, or beside another file of its name")
    widths = {video.features.shape[1] for video in videos}
    if len(widths) > 1:
        raise InputError(f"features of {sorted(widths)} numbers; give files of one backbone")
    return videos


def _video(file: Any, key: str, path: Path) -> SummaryVideo:
    library = h5py()
    where = f"{path}: {key}"
    link = file.get(key, getlink=True)
    if not (isinstance(link, library.HardLink) and isinstance(file[key], library.Group)):
        raise InputError(f"{where}: is no group in this file; expected one per video")
    group = file[key]
    features = np.asarray(array_of(group, "features", where), np.float32)
    if features.ndim != 2 or not len(features):
        raise InputError(
            f"{where}: features of shape {features.shape}; expected (samples, numbers)"
        )
    if not np.isfinite(features).all():
        sample = int(np.flatnonzero(~np.isfinite(features).all(axis=1))[0])
        raise InputError(f"{where}: sample {sample}: features that are no numbers; make them again")
    count = array_of(group, "n_frames", where).reshape(-1)
    if len(count) != 1 or not 1 <= count[0] <= MAX_FRAMES:
        raise InputError(f"{where}: n_frames; expected one number from 1 to {MAX_FRAMES}")
    frames = int(count[0])
    picks = array_of(group, "picks", where).reshape(-1).astype(np.int64)
    if len(picks) != len(features):
        raise InputError(f"{where}: {len(picks)} picks for {len(features)} samples")
    if picks[0] < 0 or picks[-1] >= frames or (np.diff(picks) <= 0).any():
        raise InputError(f"{where}: picks; expected ascending frames below n_frames {frames}")
    shots = array_of(group, "change_points", where).astype(np.int64)
    whole = shots.ndim == 2 and shots.shape[1:] == (2,) and len(shots) > 0
    if not whole or (shots[:, 1] < shots[:, 0]).any() or (shots[1:, 0] <= shots[:-1, 1]).any():
        raise InputError(
            f"{where}: change_points; expected first and last frames of shots, in order"
        )
    if shots[0, 0] < 0 or shots[-1, 1] >= frames:
        raise InputError(f"{where}: change_points lie beyond n_frames {frames}")
    truth = array_of(group, "gtscore", where, optional=True)
    if truth is not None:
        truth = truth.reshape(-1).astype(np.float32)
        if len(truth) != len(features) or not np.isfinite(truth).all():
            raise InputError(
                f"{where}: gtscore; expected a number for each of {len(features)} samples"
            )
    users = array_of(group, "user_summary", where, optional=True)
    if users is not None:
        if users.ndim != 2 or not len(users):
            raise InputError(
                f"{where}: user_summary of shape {users.shape}; expected (users, frames)"
            )
        users = users > 0
    return SummaryVideo(f"{path.stem}/{key}", features, picks, frames, shots, truth, users)


def write_dataset(path: Path, videos: Sequence[SummaryVideo]) -> None:
    """Videos as an ``.h5`` file, at once or not at all. Raises ConfigError if it cannot be."""
    from hie_cli.core.partial_files import partial_path

    library = h5py()
    partial = partial_path(path, path.suffix)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with library.File(partial, "w") as file:
            for video in videos:
                group = file.create_group(video.key.rpartition("/")[2])
                group["features"] = video.features.astype(np.float32)
                group["picks"], group["n_frames"] = video.picks, video.num_frames
                group["n_steps"] = len(video.features)
                group["change_points"] = video.shots
                group["n_frame_per_seg"] = video.shots[:, 1] - video.shots[:, 0] + 1
                if video.gtscore is not None:
                    group["gtscore"] = video.gtscore
                if video.users is not None:
                    group["user_summary"] = video.users.astype(np.uint8)
        partial.replace(path)
    except OSError as error:
        raise write_error(path, error) from None
    finally:
        partial.unlink(missing_ok=True)


def read_splits(path: Path, keys: Sequence[str]) -> list[Split]:
    """A JSON list of {"train_keys": [...], "test_keys": [...]} over videos ``keys``.

    keys: of ``read_datasets``. A name may be bare where one file was read; where several were
    (augmented and transfer splits), it begins with its file's: ``.../FILE.h5/video_1``. Raises
    InputError.
    """
    data = read_json(path)
    if not isinstance(data, list) or not data:
        raise input_error(
            path, "not a list of splits", 'expected [{"train_keys": [], "test_keys": []}]'
        )
    files = {key.partition("/")[0] for key in keys}
    only = next(iter(files)) if len(files) == 1 else ""
    known = set(keys)
    splits = []
    for number, item in enumerate(data):
        where = f"split {number}"
        parts = []
        for name in ("train_keys", "test_keys"):
            found = item.get(name) if isinstance(item, dict) else None
            if (
                not isinstance(found, list)
                or not found
                or not all(isinstance(k, str) for k in found)
            ):
                raise input_error(path, where, f"{name}; expected a list of names of videos")
            named = tuple(_full_key(key, only) for key in found)
            missing = next(
                (key for key, full in zip(found, named, strict=True) if full not in known), None
            )
            if missing is not None:
                raise input_error(
                    path, where, f"{missing!r} is not in the data; give its own splits"
                )
            parts.append(named)
        shared = set(parts[0]) & set(parts[1])
        if shared:
            raise input_error(path, where, f"{min(shared)!r} is in both parts")
        splits.append(Split(*parts))
    return splits


def _full_key(name: str, only: str) -> str:
    """``FILE/video_1`` of a name in a split file."""
    place, _, video = name.rpartition("/")
    return f"{Path(place).stem if place else only}/{video}"
