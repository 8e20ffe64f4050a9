"""Challenge submissions: everything a server could refuse is checked here first.

One zip, one file per sequence in its root, named like the sequence: Track 1 ``N.txt``, Tracks 2 and
3 ``N.json``. Track 4's layout is not published; its file is our stage document.
"""

import re
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hie_cli.core.errors import ConfigError, HieError, InputError
from hie_cli.core.text import brief
from hie_cli.core.types import FramePeople, People
from hie_cli.formats.documents.document import Document, Header, parse_frame
from hie_cli.formats.files import atomic_write
from hie_cli.formats.layouts import text_tracks
from hie_cli.formats.layouts.annolist import annolist_text
from hie_cli.formats.limits import HIEVE_FRAMES
from hie_cli.formats.sequence import SequenceFrame, VideoSequence
from hie_cli.formats.sources import Source, find_sources, open_zip, zip_problem

TRACKS = (1, 2, 3, 4)
TEST_SEQUENCES = tuple(str(number) for number in range(20, 33))
# Track 4 is judged on every 20th frame (arXiv 2005.04490).
ACTION_STRIDE = 20
# Problems of one kind shown per file; more are counted.
SHOWN = 5


@dataclass(frozen=True)
class Checked:
    """One sequence's file after checking: its frames by index, and everything wrong with it."""

    frames: dict[int, People]
    header: Header | None
    problems: list[str]


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


def check_sequence(source: Source, track: int, num_frames: int | None, final: bool) -> Checked:
    """Check one sequence's file for a track.

    ``final`` files are the submission's own, which must hold every frame (Tracks 2 and 3) and ids;
    of stage documents, frames without people may be absent and Track 2 may lack ids.
    """
    problems: list[str] = []
    header: Header | None = None
    try:
        if source.suffix == ".txt":
            frames = _read_text(source, problems, 0 if final else None)
        else:
            document = Document(source)
            frames = _read_document(document, problems)
            header = document.header
    except HieError as error:
        return Checked({}, None, [*problems, str(error)])
    if header is not None and num_frames is None:
        num_frames = header.video.num_frames
    label = source.label
    if num_frames is not None:
        readable = not problems  # an entry that could not be read is not a missing one
        problems += _check_frames(frames, num_frames, label, readable and final and track in (2, 3))
    if header is not None:
        problems += _check_header(header, num_frames, label)
    problems += _check_people(frames, track, label, final)
    return Checked(frames, header, problems)


def _read_text(source: Source, problems: list[str], base: int | None) -> dict[int, People]:
    text = source.read_text()
    if base is None:
        base = text_tracks.guess_base(text, source.name)
    bad = list(text_tracks.problems(text.splitlines(), base))
    problems += _shown([f"{source.label}: line {n}: {what}" for n, what in bad], source.label)
    if bad:
        return {}
    return {item.index: item.people for item in text_tracks.parse_results(text, source.label, base)}


def _read_document(document: Document, problems: list[str]) -> dict[int, People]:
    """Every readable frame; each unreadable one is a problem."""
    frames: dict[int, People] = {}
    bad = []
    for place, record in document.records():
        try:
            item: FramePeople = parse_frame(record, document.label, place, len(frames))
        except InputError as error:
            bad.append(str(error))
            continue
        if item.index in frames:
            bad.append(f"{document.label}: {place}: frame {item.index} occurs twice")
        frames[item.index] = item.people
    problems += _shown(bad, document.label)
    return frames


def _shown(problems: list[str], label: str) -> list[str]:
    more = len(problems) - SHOWN
    return problems[:SHOWN] + ([f"{label}: and {more} more like these"] if more > 0 else [])


def _check_header(header: Header, num_frames: int | None, label: str) -> list[str]:
    """A document of part of a video, or of another video."""
    problems = []
    first, end, stride = header.frames
    stated = header.video.num_frames
    if first > 0 or stride != 1 or (end is not None and stated is not None and end < stated):
        last = "the end" if end is None else f"frame {end - 1}"
        problems.append(
            f"{label}: covers frame {first} to {last} in steps of {stride}; run the whole video"
        )
    if num_frames is not None and stated is not None and stated != num_frames:
        problems.append(f"{label}: its video has {stated} frames, the sequence {num_frames}")
    return problems


def _check_frames(
    frames: dict[int, People], num_frames: int, label: str, complete: bool
) -> list[str]:
    problems = []
    late = [t for t in frames if t >= num_frames]
    if late:
        problems.append(
            f"{label}: {_listed(sorted(late), 'lies', 'lie')} past the sequence's "
            f"{num_frames} frames, which count from 0 to {num_frames - 1}"
            + ("; are these frames counted from 1?" if _from_one(frames, num_frames) else "")
        )
    missing = [t for t in range(num_frames) if t not in frames]
    if complete and missing:
        problems.append(
            f"{label}: {_listed(missing, 'is', 'are')} missing; "
            "every frame needs an entry, an empty one where nobody is"
        )
    return problems


def _listed(frames: list[int], one: str, several: str) -> str:
    """The first of some frames and how many more there are, with the verb that fits."""
    if len(frames) == 1:
        return f"frame {frames[0]} {one}"
    return f"frame {frames[0]} and {len(frames) - 1} more {several}"


def _from_one(frames: dict[int, People], num_frames: int) -> bool:
    return min(frames) == 1 and max(frames) == num_frames


@dataclass(frozen=True)
class Rule:
    """What a track asks of people: ``broken`` gives the frames at fault, ``says`` what is wrong.

    tracks: where it holds · final: whether of the submission's own files alone.
    """

    tracks: tuple[int, ...]
    says: str
    broken: Callable[[dict[int, People]], list[int]]
    final: bool = False


def _without_ids(crowd: dict[int, People]) -> list[int]:
    return [t for t, p in crowd.items() if p.track_ids is None or (p.track_ids < 0).any()]


def _without_joints(crowd: dict[int, People]) -> list[int]:
    """Every frame if nobody in any has a joint."""
    return [] if any(_posed(people) for people in crowd.values()) else list(crowd)


def _without_annopoints(crowd: dict[int, People]) -> list[int]:
    """Frames whose people have no joints' field although other frames' people have one."""
    bare = [t for t, people in crowd.items() if people.keypoints is None]
    return bare if len(bare) < len(crowd) else []


def _without_actions(crowd: dict[int, People]) -> list[int]:
    return [t for t, p in crowd.items() if t % ACTION_STRIDE == 0 and not _acting(p)]


RULES = (
    Rule((1, 3), "{frames} people without a track id; run `hie track`", _without_ids),
    Rule((2,), "{frames} people without a track id; run `hie track`", _without_ids, final=True),
    Rule((2, 3), "nobody has a joint; run `hie pose`", _without_joints),
    Rule((2, 3), "frame {first}: people without annopoints", _without_annopoints),
    Rule(
        (4,),
        "{frames} people without action scores "
        f"(every {ACTION_STRIDE}th frame is judged); run `hie action`",
        _without_actions,
    ),
)


def _check_people(frames: dict[int, People], track: int, label: str, final: bool) -> list[str]:
    """What the track's rules find wrong with the frames that hold anybody."""
    crowd = {t: people for t, people in sorted(frames.items()) if len(people)}
    problems = []
    for rule in RULES:
        if track in rule.tracks and (final or not rule.final):
            broken = rule.broken(crowd)
            if broken:
                said = rule.says.format(first=broken[0], frames=_listed(broken, "holds", "hold"))
                problems.append(f"{label}: {said}")
    return problems


def _posed(people: People) -> bool:
    return people.keypoints is not None and bool(np.isfinite(people.keypoints).any())


def _acting(people: People) -> bool:
    return people.action_scores is not None and bool(np.isfinite(people.action_scores).all())


def member_text(name: str, checked: Checked, track: int, num_frames: int | None) -> str:
    """A sequence's file for Tracks 1 to 3, from its checked frames."""
    frames = checked.frames
    if track == 1:
        return "".join(text_tracks.format_rows(t, frames[t], 0) for t in sorted(frames))
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
