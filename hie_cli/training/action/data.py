"""Real training data: stage documents with truth or actions of their own, or HiEve ground truth."""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np

from hie_cli.core import geometry
from hie_cli.core.annotations import INVISIBLE, NOT_ANNOTATED, Annotations, TruthSequence
from hie_cli.core.errors import ConfigError, InputError, input_error
from hie_cli.core.types import Frame, FramePeople, IntArray, People, VideoInfo
from hie_cli.formats.documents.annolist_truth import truth_of_people
from hie_cli.formats.documents.document import Document
from hie_cli.formats.truth import read_truth
from hie_cli.pipeline.document_inputs import match_video, open_video
from hie_cli.training.action.labels import labels_of, spread
from hie_cli.training.action.settings import TrainConfig
from hie_cli.video.cuts import Cut, read_cuts, whole_name
from hie_cli.video.sources import VideoSource
from hie_cli.video.video_files import video_name

USUAL_FPS = 25.0  # HiEve's truth does not state the frame rate
HIDDEN_SCORE = 0.3  # what an annotated but invisible joint counts as


# Gives the frames of a video in order: all of them, or at least those with the given indices.
Frames = Callable[[Sequence[int]], Iterable[Frame]]


@dataclass(frozen=True)
class Material:
    """One video: its observed people, the labels (N,) of ``observed[k]`` by k, and its pixels."""

    name: str
    video: VideoInfo
    observed: Sequence[FramePeople]
    labels: dict[int, IntArray]
    frames: Frames | None = None


def materials(
    paths: Sequence[Path],
    truth: Path | None,
    videos: Sequence[Path] | None = None,
    poses: bool = True,
) -> Iterator[Material]:
    """The videos in ``paths``, each once, in order.

    Stage documents (files, or the ``*.json`` of a folder) take their labels from ``truth``, matched
    by name and box, or else from their own actions; anything else is read as ground truth. With
    ``videos``, each finds its pixels there, by name. Raises InputError where there is nothing, no
    label, no pose although ``poses`` are asked for, or a video that does not fit.
    """
    known = None if truth is None else read_truth(truth)
    for path in paths:
        documents = _documents(path)
        if not documents:
            if known is not None:
                raise input_error(path, "no stage document", "--truth labels stage documents only")
            for sequence in read_truth(path).values():
                source = None if videos is None else _video_of(sequence, videos, path)
                yield _checked(_of_truth(sequence, source), path, poses)
        for file, document in documents:
            labels = None if known is None else known.get(_sequence_name(file, document, known))
            if known is not None and labels is None:
                raise input_error(file, f"no sequence {file.stem!r} in {truth}", "rename it")
            source = None
            if videos is not None:
                source = open_video(document, match_video(document, videos), None)
            yield _checked(_of_document(file, document, labels, source), file, poses)


def _sequence_name(file: Path, document: Document, known: Container[str]) -> str:
    """The truth's name of a document: its file's, or that of the video that it is a piece of."""
    if file.stem in known or document.header is None:
        return file.stem
    first, end, _ = document.header.frames
    return whole_name(file.stem, first, end)


def within(videos: Iterable[Material], cuts: Path) -> list[Material]:
    """``videos`` with the labels of those frames alone that a cut list names.

    A video without any is left out. Raises InputError where nothing is left.
    """
    frames: dict[str, list[Cut]] = {}
    for cut in read_cuts(cuts):
        frames.setdefault(cut.name, []).append(cut)
    kept = []
    for video in videos:
        wanted = frames.get(video.name, [])
        labels = {
            k: row
            for k, row in video.labels.items()
            if any(cut.first <= video.observed[k].index < cut.end for cut in wanted)
        }
        if labels:
            kept.append(replace(video, labels=labels))
    if not kept:
        raise input_error(cuts, "no label of these data lies in a cut", "give another list")
    return kept


def _documents(path: Path) -> list[tuple[Path, Document]]:
    if not path.exists():
        raise input_error(path, "no such file or folder", "check the path")
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    if any(file.suffix != ".json" for file in files):
        return []
    opened = [(file, Document(file)) for file in files]
    return [(file, document) for file, document in opened if document.header is not None]


def _of_document(
    file: Path, document: Document, truth: TruthSequence | None, source: VideoSource | None
) -> Material:
    assert document.header is not None
    observed = list(document)
    if truth is not None:
        labels = labels_of(observed, truth.frames)
    else:
        own = [truth_of_people(item.people).actions for item in observed]
        labels = {k: row for k, row in enumerate(own) if row is not None and (row >= 0).any()}
    return Material(file.stem, document.header.video, observed, labels, _frames(source))


def _video_of(sequence: TruthSequence, videos: Sequence[Path], path: Path) -> VideoSource:
    """The video of a truth sequence. Raises InputError if it is none of ``videos``, or another."""
    if not videos:
        raise ConfigError(f"{path}: {sequence.name} needs its video; give it with --video")
    found = [video for video in videos if video_name(video) == sequence.name]
    if not found:
        names = ", ".join(video_name(video) for video in videos[:5])
        raise InputError(
            f"{path}: sequence {sequence.name!r} has no video among {names}; give it with --video"
        )
    source = VideoSource(found[0], fps=sequence.fps)
    held = source.info
    said = (sequence.width or held.width, sequence.height or held.height)
    if said != (held.width, held.height):
        raise InputError(
            f"{path}: {sequence.name} is of a {said[0]}x{said[1]} video, {found[0]} is "
            f"{held.width}x{held.height}; give the video it was made from"
        )
    if held.num_frames is not None and held.num_frames < len(sequence.frames):
        raise InputError(
            f"{path}: {sequence.name} has {len(sequence.frames)} frames, {found[0]} has "
            f"{held.num_frames}; give the video it was made from"
        )
    return source


def _of_truth(sequence: TruthSequence, source: VideoSource | None) -> Material:
    observed = [FramePeople(t, _as_seen(frame)) for t, frame in enumerate(sequence.frames)]
    labels = {
        t: np.asarray(frame.actions)
        for t, frame in enumerate(sequence.frames)
        if frame.actions is not None and (frame.actions >= 0).any()
    }
    said = VideoInfo(
        sequence.name,
        sequence.width or 1920,
        sequence.height or 1080,
        sequence.fps or USUAL_FPS,
        len(observed),
    )
    video = said if source is None else source.info
    return Material(sequence.name, video, observed, labels, _frames(source))


def _frames(source: VideoSource | None) -> Frames | None:
    return None if source is None else lambda indices: source


def _as_seen(frame: Annotations) -> People:
    """Truth as if it had been observed."""
    keypoints = scores = None
    if frame.keypoints is not None and frame.visibility is not None:
        missing = (frame.visibility == NOT_ANNOTATED) | ~geometry.known(frame.keypoints)
        hidden = np.where(frame.visibility == INVISIBLE, HIDDEN_SCORE, 1.0)
        scores = np.where(missing, 0, hidden)
        keypoints = np.where(missing[..., None], np.nan, frame.keypoints)
    return People(frame.boxes, np.ones(len(frame)), frame.track_ids, keypoints, scores)


def _checked(material: Material, path: Path, poses: bool) -> Material:
    if not material.labels:
        raise InputError(
            f"{path}: {material.name}: no person has an action; give --truth with actions"
        )
    if poses and all(item.people.keypoints is None for item in material.observed):
        raise InputError(f"{path}: {material.name}: no poses; run `hie pose` first")
    return material


def held_out(names: Sequence[str], patterns: Sequence[str]) -> set[str]:
    """Those of the videos' ``names`` that a pattern of --val names; InputError where it names none.

    Patterns are shell patterns: ``*``, ``?``, ``[0-3]``.
    """
    if not patterns:
        raise ConfigError("--val: name the videos to validate on (repeatable; may be a pattern)")
    found: set[str] = set()
    for pattern in patterns:
        some = {name for name in names if fnmatchcase(name, pattern)}
        if not some:
            known = ", ".join(sorted(names)[:8])
            raise InputError(f"--val {pattern}: no such video in the data ({known})")
        found |= some
    return found


def chosen_labels(material: Material, config: TrainConfig) -> dict[int, IntArray]:
    """Labels of every ``label_every``-th frame, with ``interpolate`` also halfway between.

    Where no label lies on those frames, all labelled frames are taken.
    """
    observed, every = material.observed, config.label_every
    grid = {k: v for k, v in material.labels.items() if observed[k].index % every == 0}
    labels = grid or material.labels
    if config.interpolate:
        ids = [
            np.full(len(item.people), -1)
            if item.people.track_ids is None
            else item.people.track_ids
            for item in observed
        ]
        labels = spread(ids, labels, max(1, every // 2)) | labels
    return labels
