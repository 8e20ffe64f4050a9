"""What summarisers learn from: ``.h5`` files of the field, or videos, described once."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hie_cli.core.errors import ConfigError, InputError
from hie_cli.core.progress import note
from hie_cli.formats.files import file_name
from hie_cli.retrieval.features import Describer
from hie_cli.summary.dataset import SummaryVideo, read_datasets, write_dataset
from hie_cli.summary.samples import sample_video
from hie_cli.summary.shots import shots_of
from hie_cli.video.video_files import find_videos, video_name

FEATURES = "features.h5"
ENDINGS = (".h5", ".hdf5")


def is_dataset(paths: Sequence[str]) -> bool:
    """Whether all paths are ``.h5`` files; ConfigError where only some are."""
    files = [Path(path).suffix.lower() in ENDINGS for path in paths]
    if any(files) and not all(files):
        raise ConfigError("data: .h5 files and videos together; train on one kind")
    return bool(files) and all(files)


def described(
    paths: Sequence[str], folder: Path, describer: Describer, share: float, *, again: bool
) -> list[SummaryVideo]:
    """Features of videos, kept in ``folder``/features.h5, so that they are computed once.

    again: take what an interrupted training left there. Unreadable videos are told and left out.
    """
    kept = folder / FEATURES
    found: dict[str, SummaryVideo] = {}
    if again and kept.exists():
        found = {video.key.rpartition("/")[2]: video for video in read_datasets([kept])}
    videos: list[SummaryVideo] = []
    for path in find_videos(paths):
        name = file_name(video_name(path))
        if name in found:
            videos.append(found[name])
            continue
        try:
            samples = sample_video(path, describer)
        except InputError as error:
            note(f"left out: {error}")
            continue
        shots = shots_of(samples, share)
        videos.append(
            SummaryVideo(name, samples.features, samples.picks, samples.num_frames, shots)
        )
        write_dataset(kept, videos)
    if not videos:
        raise InputError("none of the videos can be read; see the messages above")
    return videos


def held_out(count: int, share: float, seed: int) -> tuple[list[int], list[int]]:
    """Places of videos to learn from and to validate on: ``share`` of them, one at least if above
    0; with 0 validation is on what was learned from.
    """
    order = np.random.default_rng(seed).permutation(count).tolist()
    if share == 0 or count < 2:
        return order, order
    held = min(count - 1, max(1, round(share * count)))
    return order[held:], order[:held]
