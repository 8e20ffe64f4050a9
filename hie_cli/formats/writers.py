"""Clips written in any layout, and what each layout cannot hold."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hie_cli.core.errors import ConfigError, InputError, nearest
from hie_cli.core.types import Annotations, FramePeople, People, TruthSequence, VideoInfo
from hie_cli.formats.documents.annolist_people import format_people
from hie_cli.formats.documents.document import BARE_START, Header
from hie_cli.formats.documents.writer import DocumentWriter, check_finite
from hie_cli.formats.files import atomic_write
from hie_cli.formats.layouts import ava, coco, hieve_xml, mot, posetrack, posetrack17, table
from hie_cli.formats.layouts.annolist_truth import region_records
from hie_cli.formats.layouts.keypoints import joint_map
from hie_cli.formats.sequence import SequenceFrame, VideoSequence, contents

_TEXT = {"boxes", "track ids", "scores", "ignored people", "frames without people"}
_JOINTS = {"joints", "noses", "chests", "joint scores"}
_LENGTH = {"frames without people", "empty frames at the end", "people without an action"}
_ANNOLIST = {
    *("boxes", "track ids", "scores", "actions", "action scores", "hidden joints"),
    *("ignore regions", "frames without people", "people without an action"),
    *_JOINTS,
}
_COCO = {
    *("boxes", "track ids", "scores", "hidden joints", "ignored people", "areas", "crowd index"),
    *("image names", "image size", "people without an action"),
    *_JOINTS,
    *_LENGTH,
}
_TABLE = {
    *("boxes", "track ids", "scores", "hidden joints", "actions", "action scores", "areas"),
    *("ignored people", "distractors", "head boxes", "crowd index", "image names"),
    *_JOINTS,
    *_LENGTH,
}
_GAPS = {"unlabelled frames"}
_ALL_GAPS = {"unlabelled frames", "unlabelled frames at the end"}
_NO_LABEL = {"people without an action"}

# What each layout can hold, in the words of ``clip.contents``.
HOLDS: dict[str, set[str]] = {
    "document": (_ANNOLIST | _LENGTH | _ALL_GAPS | {"image size", "frame rate"})
    - {"ignore regions"},
    "annolist": _ANNOLIST | _GAPS | {"empty frames at the end"},
    "track1": _TEXT | _NO_LABEL,
    "mot": _TEXT | _LENGTH | {"distractors", "image size", "frame rate"},
    "hieve-xml": {"boxes", "track ids", "hidden joints", "ignored people", "actions", "image size"}
    | _GAPS
    | _JOINTS - {"joint scores"}
    | _LENGTH,
    "coco": _COCO,
    "coco17": _COCO - {"chests"},
    "crowdpose": _COCO - {"noses"},
    "posetrack17": {"track ids", "scores", "ignore regions", "head boxes"}
    | _ALL_GAPS
    | _JOINTS
    | _LENGTH,
    "posetrack18": {"boxes", "track ids", "scores", "ignore regions", "head boxes"}
    | {"image size", "ignored people"}
    | _ALL_GAPS
    | _JOINTS
    | _LENGTH,
    "ava": {"boxes", "track ids", "actions", "action scores"} | _GAPS,
    "csv": _TABLE | _ALL_GAPS,
}
HOLDS["hieve-json"] = HOLDS["hieve-xml"]
HOLDS["parquet"] = HOLDS["csv"]
TARGETS = tuple(sorted(HOLDS))
_ENDINGS = {"track1": ".txt", "mot": ".txt", "ava": ".csv", "csv": ".csv", "parquet": ".parquet"}
# Layouts of which one file can hold many sequences.
_SHARED = ("ava", "csv", "parquet")
Triple = tuple[int, People, Annotations | None]


@dataclass(frozen=True)
class Written:
    """What a conversion wrote, and counts of what the target could not hold."""

    files: tuple[Path, ...]
    lost: Counter[str]


def held(clip: VideoSequence, target: str) -> set[str]:
    """What ``target`` holds of such a clip: AVA's last column is an id in truth, else a score."""
    words = HOLDS[target]
    return words - {"track ids"} if target == "ava" and not clip.is_truth else words


def lost(clip: VideoSequence, target: str) -> Counter[str]:
    """Counts of what ``clip`` holds and ``target`` cannot, the reader's own losses included."""
    missing = Counter({k: n for k, n in contents(clip).items() if k not in held(clip, target)})
    if target in coco.JOINT_SETS and not _image_names(clip) and contents(clip)["image names"]:
        missing["image names"] = contents(clip)["image names"]
    missing.pop("noses" if "joints" in missing else "", None)
    missing.pop("chests" if "joints" in missing else "", None)
    return missing + Counter(dict(clip.dropped))


def check_target(layout: str) -> None:
    """Raise ConfigError for a layout that cannot be written."""
    if layout not in HOLDS:
        raise ConfigError(
            f"layout {layout!r} is none of {', '.join(TARGETS)}{nearest(layout, list(TARGETS))}"
        )


def write(
    sequences: VideoSequence | Iterable[VideoSequence],
    path: Path | str,
    layout: str,
    *,
    overwrite: bool = False,
) -> Written:
    """Write one or several sequences in ``layout`` to ``path``: a folder, or a file by its ending.

    Returns the files written and counts of what the layout cannot hold. Raises ConfigError for an
    unknown layout, an existing file without ``overwrite``, several sequences in a file that holds
    one, or a layout that needs what the sequences do not say (such as their image size).
    """
    check_target(layout)
    many = [sequences] if isinstance(sequences, VideoSequence) else list(sequences)
    return write_clips(many, layout, Path(path), overwrite)


def write_clips(clips: Sequence[VideoSequence], target: str, out: Path, overwrite: bool) -> Written:
    """Write every clip in layout ``target`` to ``out``: a folder, or one file by its ending.

    Raises ConfigError for an existing file without ``overwrite``, for several sequences in a file
    that holds one, or where the target needs what the clips do not say.
    """
    ending = _ENDINGS.get(target, ".json")
    files: list[Path] = []
    for clip in clips:
        _check_name(clip.name)
    if target in ("hieve-xml", "hieve-json"):
        for clip in clips:
            files += _write_frames(clip, out / clip.name, target == "hieve-json", overwrite)
    elif out.suffix.lower() == ending:
        if len(clips) > 1 and target not in _SHARED:
            raise ConfigError(f"{out}: {target} keeps one sequence a file; give a folder instead")
        files.append(_write_file(clips, target, out, overwrite))
    else:
        for clip in clips:
            path = out / f"{clip.name}{ending}"
            if target == "mot" and clip.is_truth:
                path = out / clip.name / "gt" / "gt.txt"
                files.append(
                    _write_text(out / clip.name / "seqinfo.ini", _seqinfo(clip), overwrite)
                )
            files.append(_write_file([clip], target, path, overwrite))
    total: Counter[str] = Counter()
    for clip in clips:
        total += lost(clip, target)
    return Written(tuple(files), total)


def _check_name(name: str) -> None:
    """A sequence's name becomes a file's name, so it must not lead anywhere else."""
    if not name or name.startswith(".") or any(c in name for c in "/\\:\0"):
        raise InputError(f"sequence name {name[:60]!r} cannot name a file; rename the sequence")


def _fresh(path: Path, overwrite: bool) -> Path:
    if path.exists() and not overwrite:
        raise ConfigError(f"{path}: exists already; remove it or add --overwrite")
    return path


def _write_text(path: Path, text: str, overwrite: bool) -> Path:
    with atomic_write(_fresh(path, overwrite)) as file:
        file.write(text)
    return path


def _write_file(clips: Sequence[VideoSequence], target: str, path: Path, overwrite: bool) -> Path:
    _fresh(path, overwrite)
    if target == "document":
        _write_document(clips[0], path)
        return path
    if target == "parquet":
        with atomic_write(path, "wb") as file:
            table.write_parquet(clips, file)
        return path
    if target == "csv":
        with atomic_write(path) as file:
            table.write_csv(clips, file)
        return path
    return _write_text(path, "".join(_text(clip, target) for clip in clips), overwrite)


def _text(clip: VideoSequence, target: str) -> str:
    """A sequence as one text in a layout of one file per sequence, or as rows of a shared one."""
    triples: list[Triple] = [(m.index, m.people, m.truth) for m in clip.moments]
    size = (clip.width, clip.height)
    formats: dict[str, Callable[[], str]] = {
        "annolist": lambda: annolist_text(clip),
        "track1": lambda: "".join(_track_rows(m, 0) for m in clip.moments),
        "mot": lambda: "".join(_track_rows(m, 1) for m in clip.moments),
        "posetrack17": lambda: posetrack17.format_video(clip.name, triples),
        "posetrack18": lambda: posetrack.format_video(clip.name, triples, clip.num_frames, size),
        "ava": lambda: ava.format_rows(clip.name, triples, _size(clip), None),
    }
    return formats[target]() if target in formats else _coco(clip, coco.JOINT_SETS[target])


def _size(clip: VideoSequence) -> tuple[int, int]:
    if clip.width is None or clip.height is None:
        raise ConfigError(
            f"{clip.name}: its image size is not stated, or differs from image to image; "
            "add --size WIDTHxHEIGHT"
        )
    return clip.width, clip.height


def _track_rows(moment: SequenceFrame, base: int) -> str:
    truth = moment.truth
    if truth is None:
        return mot.format_rows(moment.index, moment.people, base)
    flags = [str(int(not ignored)) for ignored in truth.ignore]
    if base == 1 and truth.distractor is not None:
        classes = np.where(truth.distractor, mot.DISTRACTORS[2], mot.PEDESTRIAN)
        flags = [f"{flag},{kind},1" for flag, kind in zip(flags, classes, strict=True)]
        return mot.format_rows(moment.index, moment.people, base, "", flags)
    return mot.format_rows(moment.index, moment.people, base, conf=flags)


def _seqinfo(clip: VideoSequence) -> str:
    lines = ["[Sequence]", f"name={clip.name}", f"seqLength={clip.num_frames}"]
    if clip.fps is not None:
        lines.append(f"frameRate={clip.fps:g}")
    if clip.width is not None:
        lines += [f"imWidth={clip.width}", f"imHeight={clip.height}"]
    return "\n".join(lines) + "\n"


def _labelled(moment: SequenceFrame) -> bool:
    return moment.truth is None or moment.truth.annotated


def annolist_text(clip: VideoSequence) -> str:
    """HiEve's annolist, one frame a line; frames that nobody labelled are left out."""
    lines: list[str] = []
    for moment in clip.moments:
        if _labelled(moment):
            check_finite(FramePeople(moment.index, moment.people))
            regions = () if moment.truth is None else moment.truth.ignore_regions
            lines.append(
                ("," if lines else "") + f'{{"image":[{{"name":"{moment.index:06d}.jpg"}}],'
                f'"ignore_regions":{json.dumps(region_records(regions))},'
                f'"annorect":{format_people(moment.people, 4, 6)}}}'
            )
    return f"{BARE_START}\n{chr(10).join(lines)}\n]}}\n"


def _write_document(clip: VideoSequence, path: Path) -> None:
    width, height = _size(clip)
    if clip.fps is None:
        raise ConfigError(f"{clip.name}: its frame rate is not known; add --fps RATE")
    held = contents(clip)
    stage = (
        "action"
        if held["actions"] + held["action scores"]
        else "track"
        if held["track ids"]
        else "pose"
        if held["joints"]
        else "detect"
    )
    video = VideoInfo(clip.name, width, height, clip.fps, clip.num_frames)
    with DocumentWriter(path, Header(stage, video)) as writer:
        for moment in clip.moments:
            if _labelled(moment):
                writer.write(FramePeople(moment.index, moment.people))


def _write_frames(clip: VideoSequence, folder: Path, as_json: bool, overwrite: bool) -> list[Path]:
    """HiEve all-track: one file per labelled frame."""
    sequence = TruthSequence(clip.name, tuple(_truths(clip)), clip.width, clip.height)
    files = []
    for index, frame in enumerate(sequence.frames):
        if frame.annotated:
            path = folder / f"{index:06d}.{'json' if as_json else 'xml'}"
            text = hieve_xml.format_frame(sequence, index, as_json)
            files.append(_write_text(path, text, overwrite))
    return files


def _truths(clip: VideoSequence) -> list[Annotations]:
    """A clip's frames as annotations; results become truth by their best action, all counting."""
    from hie_cli.formats.layouts.annolist_truth import truth_of_people

    frames = [Annotations.empty(annotated=False)] * clip.num_frames
    for moment in clip.moments:
        truth = moment.truth
        frames[moment.index] = truth_of_people(moment.people) if truth is None else truth
    return frames


def _image_names(clip: VideoSequence) -> list[str]:
    """The images' own names where every frame has one and their order is the frames'; else none.

    COCO keeps no frame numbers: the order of the names is the order of the frames.
    """
    names = [m.truth.image for m in clip.moments if m.truth is not None and m.truth.image]
    ordered = sorted(set(names), key=coco.natural_key)
    return names if len(names) == clip.num_frames and ordered == names else []


def _coco(clip: VideoSequence, joint_names: tuple[str, ...]) -> str:
    joints = joint_map(joint_names)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    by_index = {moment.index: moment for moment in clip.moments}
    names = _image_names(clip) or [f"{clip.name}/{t:06d}.jpg" for t in range(clip.num_frames)]
    for frame in range(clip.num_frames):  # all of them: a frame is known by its place
        number, moment = frame + 1, by_index.get(frame, SequenceFrame(frame, People.empty()))
        truth = moment.truth
        image: dict[str, Any] = {"id": number, "file_name": names[frame]}
        if clip.width is not None:
            image |= {"width": clip.width, "height": clip.height}
        if truth is not None and truth.crowd_index is not None:
            image["crowdIndex"] = round(truth.crowd_index, 6)
        images.append(image)
        for i in range(len(moment.people)):
            record = coco.person_record(moment.people, truth, i, joints)
            annotations.append({"id": len(annotations) + 1, "image_id": number, **record})
    record = {
        "images": images,
        "annotations": annotations,
        "categories": [coco.category(joint_names)],
    }
    return json.dumps(record, allow_nan=False) + "\n"
