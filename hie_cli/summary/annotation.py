"""``hie summarize --for annotation``: which frames to label next, and drafts to correct.

A frame is worth labelling where there are many people close together, where our own predictions are
unsure, and where it is unlike the frames chosen before.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.errors import ConfigError, InputError, nearest
from hie_cli.core.types import FloatArray, People
from hie_cli.formats.documents.document import Document
from hie_cli.formats.files import file_name, read_json, require_writable, write_json
from hie_cli.pipeline.inputs import Paths, path_texts
from hie_cli.retrieval.features import BACKBONE, Describer
from hie_cli.summary.crowd import closeness, likely
from hie_cli.summary.drafts import (
    LAYOUTS,
    drafts_of,
    forget_drafts,
    picture,
    poser,
    write_drafts,
)
from hie_cli.summary.resume import check_free, origin
from hie_cli.summary.samples import RATE, Samples, sample_video
from hie_cli.summary.summarize import (
    Failed,
    crowd_signals,
    detector,
    documents_by_name,
    left_out,
)
from hie_cli.video.video_files import find_videos, video_name

RECORD = "frames.json"


@dataclass(frozen=True)
class ChosenFrame:
    """A frame to be labelled: of which video, how much it is worth (0..1 each), and why."""

    video: str
    index: int
    score: float
    crowded: float
    uncertain: float
    diverse: float

    @property
    def why(self) -> tuple[str, ...]:
        """The three in words, strongest first."""
        parts = (
            (self.crowded, "crowded"),
            (self.uncertain, "uncertain"),
            (self.diverse, "unlike the others"),
        )
        return tuple(f"{name} {value:.2f}" for value, name in sorted(parts, reverse=True))


@dataclass(frozen=True)
class Annotation:
    """What ``choose_for_annotation`` made: frames, best first, files, and videos left out."""

    folder: Path
    frames: tuple[ChosenFrame, ...]
    files: tuple[Path, ...]
    failed: tuple[Failed, ...] = field(default=())

    def record(self) -> dict[str, object]:
        """For JSON."""
        return {
            "frames": [{k: _plain(v) for k, v in vars(f).items()} for f in self.frames],
            "failed": [vars(one) for one in self.failed],
        }


def _plain(value: object) -> object:
    return round(value, 4) if isinstance(value, float) else value


@dataclass(frozen=True, eq=False)
class _Looked:
    """A video's samples and how crowded and uncertain each is."""

    path: Path
    samples: Samples
    crowded: FloatArray
    uncertain: FloatArray
    document: Document | None


def choose_for_annotation(
    videos: Paths,
    *,
    output: Path | str = "out/to-label",
    count: int = 50,
    to: str = "coco",
    documents: Paths = (),
    rate: float = RATE,
    model: str = BACKBONE,
    device: str = "auto",
    resume: bool = False,
    overwrite: bool = False,
) -> Annotation:
    """The ``count`` frames of all videos that are best labelled next, with drafts to correct.

    Writes frames.json (which, and why), images/NAME/000123.png and drafts/ in the layout ``to``
    (coco, hieve-xml, hieve-json) with our predictions: those of the documents, by name, else
    detections and poses made here. resume: keep what is there of the same videos, documents and
    settings, else make it. Raises ConfigError, InputError or ModelError; single videos that
    cannot be read are left out.
    """
    if count < 1:
        raise ConfigError(f"-k {count}: expected 1 or more")
    if to not in LAYOUTS:
        raise ConfigError(f"--to {to}: unknown{nearest(to, list(LAYOUTS)) or '; expected coco'}")
    folder, paths = Path(output), find_videos(path_texts(videos))
    check_free(folder / RECORD, resume=resume, overwrite=overwrite)
    require_writable(folder)
    of_video = documents_by_name(documents, paths)
    describer, detect = Describer(model, device), detector(device)
    made_of = origin(
        paths, [of_video.get(video_name(path)) for path in paths],
        {"count": count, "to": to, "rate": rate, "backbone": describer.sha256},
    )  # fmt: skip
    if resume and (before := _kept(folder, made_of)) is not None:
        return before
    looked: list[_Looked] = []
    failed: list[Failed] = []
    errors: list[Exception] = []
    for path in paths:
        name = file_name(video_name(path))
        try:
            document = of_video.get(name)
            samples = sample_video(path, describer, rate, None if document else detect)
            looked.append(_look(path, samples, document))
        except (InputError, OSError) as error:
            failed.append(left_out(name, error, alone=len(paths) == 1))
            errors.append(error)
    if not looked:
        raise errors[0]
    frames = _best(looked, count)
    (folder / RECORD).unlink(missing_ok=True)
    files = _written(folder, looked, frames, to, device)
    made = Annotation(folder, tuple(frames), (*files, folder / RECORD), tuple(failed))
    write_json(folder / RECORD, {"layout": to, "origin": made_of, **made.record()})
    return made


def _best(looked: Sequence[_Looked], count: int) -> list[ChosenFrame]:
    """The frames of all videos that are best labelled next, best first."""
    chosen = choose(
        np.concatenate([one.samples.features for one in looked]),
        np.concatenate([one.crowded for one in looked]),
        np.concatenate([one.uncertain for one in looked]),
        count,
    )
    bounds = np.cumsum([0, *(len(one.samples) for one in looked)])
    frames = []
    for place, worth, diverse in chosen:
        number = int(np.searchsorted(bounds, place, side="right")) - 1
        one, k = looked[number], place - int(bounds[number])
        frames.append(
            ChosenFrame(
                one.samples.info.name, int(one.samples.picks[k]), worth,
                float(one.crowded[k]), float(one.uncertain[k]), diverse,
            )
        )  # fmt: skip
    return frames


def _written(
    folder: Path, looked: Sequence[_Looked], frames: Sequence[ChosenFrame], to: str, device: str
) -> list[Path]:
    """Pictures and drafts, a video at a time."""
    files: list[Path] = []
    pose = poser(device)
    for one in looked:
        name = one.samples.info.name
        wanted = sorted(frame.index for frame in frames if frame.video == name)
        if not wanted:
            forget_drafts(folder, name)
            continue
        known: dict[int, People | None] = dict.fromkeys(wanted)
        if one.document is not None:
            known.update(zip(wanted, _at(one.document, np.array(wanted)), strict=True))
        files += write_drafts(folder, one.path, one.samples.info, known, pose, to)
    return files


def _kept(folder: Path, made_of: str) -> Annotation | None:
    """What is in ``folder``, where it is of this origin and all there; None where it is not."""
    try:
        record = read_json(folder / RECORD)
        if record["origin"] != made_of:
            return None
        frames = tuple(ChosenFrame(**frame) for frame in record["frames"])
        failed = tuple(Failed(**one) for one in record["failed"])
        names = dict.fromkeys(file_name(frame.video) for frame in frames)
        files = [picture(folder, file_name(f.video), int(f.index)) for f in frames]
    except (InputError, ValueError, TypeError, KeyError):
        return None
    drafts = [drafts_of(folder, name) for name in names]
    if not all(drafts) or not all(path.is_file() for path in files):
        return None
    files += [path for paths in drafts for path in paths]
    return Annotation(folder, frames, (*files, folder / RECORD), failed)


def choose(
    features: FloatArray, crowded: FloatArray, uncertain: FloatArray, count: int
) -> list[tuple[int, float, float]]:
    """(place, worth, diverse) of up to ``count`` of N frames, greedily, best first.

    Worth = (.5 + crowded + uncertain) / 2.5 times diverse: the distance (1 - cosine, over the
    largest there is to the first frame) to the nearest frame chosen before. Equal frames are never
    both chosen.
    """
    base = (0.5 + crowded + uncertain) / 2.5
    taken_places: list[tuple[int, float, float]] = []
    first = int(base.argmax())
    taken_places.append((first, float(base[first]), 1.0))
    apart = np.maximum(1 - features @ features[first], 0)
    scale = max(float(apart.max()), 1e-9)
    while len(taken_places) < min(count, len(features)):
        worth = base * np.minimum(apart / scale, 1)
        best = int(worth.argmax())
        if apart[best] <= 1e-6:
            break
        taken_places.append((best, float(worth[best]), float(min(apart[best] / scale, 1))))
        apart = np.minimum(apart, np.maximum(1 - features @ features[best], 0))
    return taken_places


def uncertainty(people: People) -> float:
    """0..1: how many people are neither surely there nor surely not, saturating at three.

    A score of .5 counts 1, of 0 or 1 nothing; joints alike, as their mean.
    """
    if not len(people):
        return 0.0
    doubt = 1 - np.abs(2 * np.clip(people.scores.astype(float), 0, 1) - 1)
    if people.keypoint_scores is not None:
        joints = 1 - np.abs(2 * np.clip(people.keypoint_scores.astype(float), 0, 1) - 1)
        doubt = (doubt + joints.mean(axis=1)) / 2
    return float(1 - np.exp(-doubt.sum() / 3))


def _look(path: Path, samples: Samples, document: Document | None) -> _Looked:
    if document is None:
        assert samples.people is not None
        people = [likely(found) for found in samples.people]
    else:
        crowd_signals(samples, document)  # of this very video?
        people = list(_at(document, samples.picks))
    counts = np.array([len(p) + 2 * closeness(p) for p in people])
    crowded = 1 - np.exp(-counts / 10)
    unsure = np.array([uncertainty(p) for p in people])
    return _Looked(path, samples, crowded, unsure, document)


def _at(document: Document, picks: NDArray[np.int64]) -> Iterator[People]:
    """The likely people of a document in these frames; nobody where it has no such frame."""
    wanted = set(picks.tolist())
    found = {item.index: item.people for item in document if item.index in wanted}
    yield from (likely(found.get(index, People.empty())) for index in picks.tolist())
