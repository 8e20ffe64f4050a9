"""Challenge submissions: everything a server could refuse is checked here first.

One zip, one file per sequence in its root, named like the sequence: Track 1 ``N.txt``, Tracks 2 and
3 ``N.json``. Track 4's layout is not published; its file is our stage document.
"""

import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from hie_cli.core.errors import ConfigError, InputError
from hie_cli.core.text import brief
from hie_cli.core.types import People
from hie_cli.formats.archives import open_zip, zip_problem
from hie_cli.formats.files import atomic_write
from hie_cli.formats.layouts import track_rows
from hie_cli.formats.layouts.annolist import annolist_text
from hie_cli.formats.limits import HIEVE_FRAMES
from hie_cli.formats.sequence import SequenceFrame, VideoSequence
from hie_cli.formats.sources import Source, find_sources
from hie_cli.formats.submission_checks import Checked, check_sequence

TRACKS = (1, 2, 3, 4)
TEST_SEQUENCES = tuple(str(number) for number in range(20, 33))


def parse_sequences(text: str | None) -> dict[str, int | None]:
    """``20-32``, ``20,21`` or ``clip:300`` as names with their number of frames (None: unknown).

    Frames of HiEve's own sequences come from the published table. None means the test set.
    """
    if text is None:
        return {name: HIEVE_FRAMES[name] for name in TEST_SEQUENCES}
    names: dict[str, int | None] = {}
    for part in text.split(","):
        part = part.strip()
        span = re.fullmatch(r"([0-9]{1,4})-([0-9]{1,4})", part)
        counted = re.fullmatch(r"([^:]+):([1-9][0-9]{0,6})", part)
        if span is not None:
            numbers = [str(n) for n in range(int(span[1]), int(span[2]) + 1)]
            names |= {n: HIEVE_FRAMES.get(n) for n in numbers}
        elif counted is not None:
            names[counted[1]] = int(counted[2])
        elif part and ":" not in part:
            names[part] = HIEVE_FRAMES.get(part)
        else:
            raise ConfigError(f"--sequences {text}: expected 20-32 or 20,21 or clip:300")
    return names


def file_ending(track: int) -> str:
    """The ending of a track's files."""
    return ".txt" if track == 1 else ".json"


def gather(paths: Iterable[Path]) -> tuple[dict[str, Source], list[str]]:
    """The result files at ``paths`` by sequence, and what is wrong with their names."""
    found: dict[str, Source] = {}
    problems = []
    for path in paths:
        for source in find_sources(path):
            if source.suffix not in (".json", ".txt") or source.name == "summary":
                continue
            if source.name in found:
                first = found[source.name].label
                problems.append(f"{source.label}: sequence {source.name} is also in {first}")
            found.setdefault(source.name, source)
    return found, problems


def check_names(found: Iterable[str], expected: Iterable[str]) -> list[str]:
    """Missing and extra sequences."""
    found, expected = set(found), list(expected)
    missing = [name for name in expected if name not in found]
    extra = sorted(found - set(expected))
    problems = [f"sequence {name} is missing" for name in missing]
    return problems + [
        f"sequence {name} is not asked for; leave it out or name it in --sequences"
        for name in extra
    ]


def member_text(name: str, checked: Checked, track: int, num_frames: int | None) -> str:
    """A sequence's file for Tracks 1 to 3, from its checked frames."""
    frames = checked.frames
    if track == 1:
        return "".join(track_rows.format_rows(t, frames[t], 0) for t in sorted(frames))
    count = num_frames if num_frames is not None else max(frames, default=-1) + 1
    if checked.header is not None and num_frames is None:
        count = max(count, checked.header.video.num_frames or 0)
    every = tuple(SequenceFrame(t, _plain(frames.get(t, People.empty()))) for t in range(count))
    return annolist_text(VideoSequence(name, every, count))


def _plain(people: People) -> People:
    """People as Tracks 2 and 3 know them: no actions, and an id each (readers fail without)."""
    ids = np.arange(len(people)) if people.track_ids is None else people.track_ids
    return people.replace(track_ids=ids, action_scores=None)


def check_all(
    found: dict[str, Source], track: int, expected: dict[str, int | None], final: bool
) -> tuple[dict[str, Checked], list[str]]:
    """Check every sequence; all problems together."""
    problems = check_names(found, expected)
    checked = {}
    for name in expected:
        if name in found:
            checked[name] = check_sequence(found[name], track, expected[name], final)
            problems += checked[name].problems
    return checked, problems


def write_submission(
    found: dict[str, Source],
    track: int,
    expected: dict[str, int | None],
    path: Path,
    known: Iterable[str] = (),
) -> None:
    """Check everything, then write the zip at ``path``.

    The same results give the same bytes: members are sorted and carry a fixed time. Raises
    ``UnsoundError`` with every problem (the ``known`` ones first); nothing is then written.
    """
    problems = [*known, *check_names(found, expected)]
    with atomic_write(path, "wb") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for name in sorted(expected, key=_order):
                if name not in found:
                    continue
                checked = check_sequence(found[name], track, expected[name], final=False)
                problems += checked.problems
                if not problems:
                    data = (
                        found[name].read_bytes()
                        if track == 4
                        else member_text(name, checked, track, expected[name]).encode()
                    )
                    _add(archive, f"{name}{file_ending(track)}", data)
        if problems:
            raise UnsoundError(problems)


class UnsoundError(InputError):
    """A submission with problems, all of which ``problems`` lists."""

    def __init__(self, problems: list[str]) -> None:
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        super().__init__(f"the submission has {count}; fix them all")
        self.problems = [brief(problem) for problem in problems]


def _order(name: str) -> tuple[int, str]:
    return (int(name), "") if name.isdigit() else (10**9, name)


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    info.create_system = 3
    archive.writestr(info, data)


def check_file(path: Path, track: int, expected: dict[str, int | None]) -> list[str]:
    """Everything wrong with an existing submission zip. Raises InputError if it is no zip."""
    with open_zip(path) as archive:
        members = archive.infolist()
    unsafe = zip_problem(members)
    if unsafe:
        return [f"{path}: {unsafe}"]
    problems = []
    ending = file_ending(track)
    for info in members:
        if "/" in info.filename:
            problems.append(
                f"{path}: {info.filename!r} is not in the root of the zip; "
                "zip the files, not their folder"
            )
        elif not info.filename.endswith(ending):
            problems.append(
                f"{path}: {info.filename!r} does not end in {ending}, "
                f"as the files of Track {track} do; leave it out"
            )
    found = {
        source.name: source
        for source in (find_sources(path) if members else [])
        if not source.folders and source.suffix == ending
    }
    problems += check_all(found, track, expected, final=True)[1]
    return [brief(problem) for problem in problems]
