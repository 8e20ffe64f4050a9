"""Which videos of a batch are run, and which of their frames: the jobs that come of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hie_cli.core.errors import ConfigError
from hie_cli.pipeline import remote, run_records, segment_parts
from hie_cli.pipeline.batch import part_of
from hie_cli.pipeline.inputs import check_cut_options
from hie_cli.pipeline.job import Setup, VideoJob
from hie_cli.pipeline.networks import check_models
from hie_cli.pipeline.output import OutputDir
from hie_cli.pipeline.video_list import Listed, read_list
from hie_cli.pipeline.video_pieces import find_pieces
from hie_cli.video.cuts import Piece
from hie_cli.video.cuts import find_pieces as cut_pieces
from hie_cli.video.frame_range import ALL_FRAMES, FrameRange
from hie_cli.video.video_files import find_videos

WHOLE = (1, 1)


@dataclass(frozen=True)
class Selection:
    """Videos, and what of them is run.

    ``patterns``: paths, folders, globs, addresses · ``frames``: of each · ``stills``: every image
    of a folder is a video of its own · ``cuts``: a cut list, whose pieces are the videos
    (``patterns`` may then be empty) · ``listed``: a file that names the videos instead, with
    options of each (``video_list``) · ``shard``: (i, n) takes the i-th of n parts of them, i from
    1 · ``retry_failed``: only those that failed or were interrupted earlier.
    """

    patterns: Sequence[str] = ()
    frames: FrameRange = ALL_FRAMES
    stills: bool = False
    cuts: Path | None = None
    listed: Path | None = None
    shard: tuple[int, int] = WHOLE
    retry_failed: bool = False


def parse_shard(text: str) -> tuple[int, int]:
    """``i/n``: the i-th of n parts, i from 1. Raises ConfigError."""
    first, slash, second = text.partition("/")
    if slash and first.isdecimal() and second.isdecimal() and 1 <= int(first) <= int(second):
        return int(first), int(second)
    raise ConfigError(f"--shard {text}: expected i/n with 1 <= i <= n, such as 3/8")


def video_jobs(selection: Selection, setup: Setup) -> list[VideoJob]:
    """The jobs of a batch, in order; none runs yet.

    Raises InputError and ConfigError as ``find_videos`` does, and for results that are there
    already and may be neither kept nor replaced; ModelError as ``check_models``.
    """
    found = part_of(_found(selection, setup), selection.shard)
    _check_own_settings(found, setup)
    output = setup.output_dir
    if selection.retry_failed:
        assert output is not None
        remote.bring_records(output)
        found = [each for each in found if _failed(output, each.piece.name)]
    if output is not None:
        remote.check_free(output, [each.piece.name for each in found], setup.stages)
        for each in found:
            output.check_video(each.piece.name, setup.stages)
    return [_job(each, setup) for each in found]


def _found(selection: Selection, setup: Setup) -> list[Listed]:
    """Every video that is meant, with its settings."""
    if selection.listed is None:
        return [Listed(piece, setup.config) for piece in _pieces(selection)]
    if selection.patterns or selection.stills or selection.cuts is not None:
        raise ConfigError("--list: names the videos; leave VIDEO, --stills and --cuts out")
    return read_list(selection.listed, setup.config, selection.frames)


def _pieces(selection: Selection) -> list[Piece]:
    """``frames`` of each video, or what a cut list names."""
    patterns, frames, stills = selection.patterns, selection.frames, selection.stills
    if selection.cuts is None:
        return find_pieces(patterns, frames, stills)
    check_cut_options(frames, stills)
    return cut_pieces(selection.cuts, find_videos(patterns) if patterns else [])


def _check_own_settings(found: Sequence[Listed], setup: Setup) -> None:
    """Know the models that the settings of single videos ask for. Raises ModelError."""
    others = {each.config for each in found if each.config is not setup.config}
    for config in others - {setup.config}:
        check_models(config, setup.stages, setup.device)


def _failed(output: OutputDir, name: str) -> bool:
    record = run_records.read_record(output, name)
    if record is None:
        return name in segment_parts.begun(output)
    return record.status != run_records.DONE


def _job(listed: Listed, setup: Setup) -> VideoJob:
    own = setup if listed.config is setup.config else replace(setup, config=listed.config)
    piece = listed.piece
    return VideoJob(piece.path, piece.frames, own, piece.name, address=piece.address)
