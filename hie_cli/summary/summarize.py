"""``hie summarize``: a video's most telling seconds, key frames, and why."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from hie_cli.core.errors import ConfigError, InputError, exit_code, nearest, one_line
from hie_cli.core.progress import note
from hie_cli.core.types import Image, People
from hie_cli.formats.documents.document import Document
from hie_cli.formats.files import file_name, require_writable, write_error
from hie_cli.formats.locks import Lock
from hie_cli.pipeline.calls import Call, Outcome, run_calls
from hie_cli.pipeline.document_inputs import document_name, find_documents
from hie_cli.pipeline.executors.engine import Engine
from hie_cli.pipeline.inputs import Paths, path_texts
from hie_cli.retrieval.features import BACKBONE, Describer
from hie_cli.summary.crowd import CrowdSignals, signals_of_detections, signals_of_document
from hie_cli.summary.footage import write_footage
from hie_cli.summary.results import (
    KEY_FRAMES,
    RECORD,
    TIMELINE,
    VIDEO,
    ScoredShot,
    VideoSummary,
    files_of,
    write_record,
)
from hie_cli.summary.resume import check_free, kept, origin
from hie_cli.summary.saliency import Scored, crowd_saliency, told
from hie_cli.summary.samples import RATE, Samples, sample_video
from hie_cli.summary.scorers import ctvsum
from hie_cli.summary.selection import choose_shots, frame_scores
from hie_cli.summary.shots import LONGEST, shots_of
from hie_cli.summary.timeline import write_timeline
from hie_cli.summary.trained import TrainedScorer, is_trained, load_scorer, require_backbone
from hie_cli.video.video_files import find_videos, video_name

METHODS = ("crowd", "ctvsum")


@dataclass(frozen=True)
class Failed:
    """A video that could not be summarised: why, in one line, and the exit code of that."""

    name: str
    reason: str
    exit_code: int


@dataclass(frozen=True)
class Summaries:
    """What ``summarize`` made, and of which videos nothing could be made."""

    folder: Path
    made: tuple[VideoSummary, ...]
    failed: tuple[Failed, ...] = field(default=())


@dataclass(frozen=True)
class SummaryOptions:
    """How a summary is made; checked.

    method: crowd, ctvsum, or a folder of ``hie train summary`` · share: of the video · rate:
    samples a second · longest: seconds of a shot.
    """

    method: str = "crowd"
    share: float = 0.15
    rate: float = RATE
    longest: float = LONGEST

    def __post_init__(self) -> None:
        if self.method not in METHODS and not is_trained(Path(self.method)):
            if Path(self.method).is_dir():
                raise ConfigError(
                    f"--method {self.method}: holds no summariser; give a folder that "
                    "`hie train summary` wrote, with --splits one of its split-N"
                )
            hint = nearest(self.method, list(METHODS)) or "; expected crowd, ctvsum or a folder"
            raise ConfigError(f"--method {self.method}: unknown{hint}")
        if not 0 < self.share <= 1:
            raise ConfigError(f"--share {self.share:g}: expected more than 0, at most 1")
        for name in ("rate", "longest"):
            if not 0 < getattr(self, name) < float("inf"):
                raise ConfigError(f"--{name} {getattr(self, name):g}: expected more than 0")


def summarize(
    videos: Paths,
    *,
    output: Path | str = "out/summary",
    method: str = SummaryOptions.method,
    share: float = SummaryOptions.share,
    documents: Paths = (),
    rate: float = SummaryOptions.rate,
    longest: float = SummaryOptions.longest,
    model: str = BACKBONE,
    device: str = "auto",
    resume: bool = False,
    overwrite: bool = False,
    workers: int | None = None,
    engine: str = "local",
    address: str | None = None,
) -> Summaries:
    """The most telling shots of videos: a short video, key frames, a timeline, JSON of the reasons.

    videos: paths, folders, patterns · documents: their track or action documents, by name, for what
    the crowd does; without them people are detected in the sampled frames · method, share, rate,
    longest: see ``SummaryOptions`` · model: the backbone · resume: keep summaries of the same
    video, document and settings, make all others · workers, engine, address: videos at a time, and
    where (``executors.engine``). Videos that fail are told and left out; where none is left, the
    first one's error is raised.
    """
    where = Engine(workers, engine, address)
    options = SummaryOptions(method, share, rate, longest)
    folder, paths = Path(output), find_videos(path_texts(videos))
    places = {path: folder / file_name(video_name(path)) for path in paths}
    for place in places.values():
        check_free(place / RECORD, resume=resume, overwrite=overwrite)
    require_writable(folder)
    of_video = documents_by_name(documents, paths)
    describer = Describer(model, device)
    trained = _scorer(options, describer)
    told_settings = {**asdict(options), "backbone": describer.sha256}
    if trained is not None:
        told_settings["method"] = trained.sha256
    made: dict[str, VideoSummary] = {}
    failed: list[Failed] = []
    errors: list[Exception] = []
    calls = []

    def take(outcome: Outcome) -> None:
        if outcome.error is None:
            made[outcome.name] = outcome.value
            return
        failed.append(left_out(outcome.name, outcome.error, alone=len(paths) == 1))
        errors.append(outcome.error)

    for path, place in places.items():
        name = video_name(path)
        document = of_video.get(name)
        made_of = origin([path], [document], told_settings)
        if resume and (before := kept(place, place / RECORD, made_of)) is not None:
            made[name] = before
            continue
        people = None if document is None else document.path
        arguments = (path, place, people, options, model, device, made_of)
        calls.append(Call(name, _summarised, arguments))
    run_calls(calls, where, take)
    if not made:
        raise errors[0]
    ordered = [made[name] for name in map(video_name, places) if name in made]
    return Summaries(folder, tuple(ordered), tuple(failed))


def _summarised(
    path: Path, place: Path, people: Path | None, options: SummaryOptions, model: str, device: str,
    made_of: str,
) -> VideoSummary:  # fmt: skip
    """Look at one video, choose and write; ``people``: its document, if there is one."""
    describer = Describer(model, device)
    trained = _scorer(options, describer)
    document = None if people is None else Document(people)
    detect = detector(device) if options.method == "crowd" and document is None else None
    samples = sample_video(path, describer, options.rate, detect)
    summary = _summary(samples, document, options, trained)
    return _written(path, place, replace(summary, origin=made_of))


def _scorer(options: SummaryOptions, describer: Describer) -> TrainedScorer | None:
    """The trained scorer that is asked for. Raises ConfigError if it is of another backbone."""
    if options.method in METHODS:
        return None
    trained = load_scorer(Path(options.method))
    require_backbone(trained, Path(options.method), describer.name, describer.sha256)
    return trained


def left_out(name: str, error: Exception, alone: bool) -> Failed:
    """A video's failure, told at once unless it is the only one, whose error is raised."""
    if not alone:
        note(f"left out: {one_line(error)}")
    return Failed(name, one_line(error), exit_code(error))


def documents_by_name(documents: Paths, videos: Sequence[Path]) -> dict[str, Document]:
    """Documents by the name of the video they are of. InputError for one of none of ``videos``."""
    found = [Document(path) for path in find_documents(path_texts(documents))]
    named = {document_name(document): document for document in found}
    known = {video_name(path) for path in videos}
    if found and not named.keys() & known:
        raise InputError(
            f"{found[0].label}: is of video {document_name(found[0])!r}, which is not among those "
            "given; give the videos' own documents"
        )
    return named


def detector(device: str) -> Callable[[Image], People]:
    """Who is in a picture, by the preset ``fast``."""
    from hie_cli.pipeline import single_stages
    from hie_cli.pipeline.settings import load_chain

    config = load_chain("fast")
    return lambda image: single_stages.detect_image(image, config=config, device=device)


def crowd_signals(samples: Samples, document: Document | None) -> CrowdSignals:
    """What the crowd does: as a document says, else as detections do. InputError where the document
    is of another video.
    """
    if document is None:
        return signals_of_detections(samples)
    header = document.header
    if header is not None and header.video.num_frames not in (None, samples.info.num_frames):
        raise InputError(
            f"{document.label}: is of a video of {header.video.num_frames} frames, "
            f"{samples.info.name} has {samples.info.num_frames}; give its own document"
        )
    return signals_of_document(document, samples)


def summary_of(
    samples: Samples, scored: Scored, options: SummaryOptions, why: Callable[[int], Sequence[str]]
) -> VideoSummary:
    """The choice of shots by scores of samples. why: reasons at a sample's position."""
    if int(options.share * samples.num_frames + 1e-9) < 1:
        raise InputError(
            f"{samples.info.name}: --share {options.share:g} of {samples.num_frames} frames is "
            "less than one frame; give a larger share"
        )
    spread = frame_scores(scored.scores, samples.picks, samples.num_frames)
    shots = shots_of(samples, options.share, options.longest)
    choice = choose_shots(spread, shots, options.share, "total")
    chosen = set(choice.chosen.tolist())
    told_shots = []
    for number, (first, last) in enumerate(shots.tolist()):
        best = _best_sample(samples, scored, first, last)
        key = int(np.clip(samples.picks[best], first, last))
        told_shots.append(
            ScoredShot(
                first, last, float(choice.scores[number]), number in chosen, key, tuple(why(best))
            )
        )
    return VideoSummary(
        samples.info.name, options.method, options.share, samples.info.fps, samples.num_frames,
        samples.picks, scored.scores, scored.parts, tuple(told_shots),
    )  # fmt: skip


def _best_sample(samples: Samples, scored: Scored, first: int, last: int) -> int:
    """The best sample of a shot; of equal ones that nearest to its middle."""
    inside = np.flatnonzero((samples.picks >= first) & (samples.picks <= last))
    if not len(inside):  # a shot between two samples has the score of the one before
        return max(0, int(np.searchsorted(samples.picks, first, side="right")) - 1)
    off = np.abs(samples.picks[inside] - (first + last) / 2)
    return int(inside[np.lexsort((off, -np.round(scored.scores[inside], 9)))[0]])


def _summary(
    samples: Samples, document: Document | None, options: SummaryOptions,
    trained: TrainedScorer | None,
) -> VideoSummary:  # fmt: skip
    """Score and choose."""
    if options.method == "crowd":
        signals = crowd_signals(samples, document)
        scored = crowd_saliency(samples, signals)
        return summary_of(samples, scored, options, lambda k: told(samples, signals, scored, k))
    scores = ctvsum if trained is None else trained.scores
    return summary_of(samples, Scored(scores(samples.features), {}), options, lambda _: ())


def _written(path: Path, place: Path, summary: VideoSummary) -> VideoSummary:
    """The record comes last, so that it says that all else is there."""
    try:
        place.mkdir(parents=True, exist_ok=True)
        lock = Lock(place / RECORD)
    except OSError as error:
        raise write_error(place, error) from None
    with lock:
        for old in (place / RECORD, *sorted((place / KEY_FRAMES).glob("[0-9]*.png"))):
            old.unlink(missing_ok=True)
        pictures = write_footage(path, summary, place / VIDEO, place / KEY_FRAMES)
        write_timeline(place / TIMELINE, summary, pictures)
        write_record(place / RECORD, summary)
    return replace(summary, files=files_of(place, sorted(pictures)))
