"""What a server could refuse in one sequence's file of a submission."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hie_cli.core.errors import HieError, InputError
from hie_cli.core.types import FramePeople, People
from hie_cli.formats.documents.document import Document, Header
from hie_cli.formats.documents.entries import parse_frame
from hie_cli.formats.layouts import text_tracks
from hie_cli.formats.sources import Source

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
