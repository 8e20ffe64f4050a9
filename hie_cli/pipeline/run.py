"""One video through the chain, or one document through one stage, written as documents.

Every stage passes on what a reader of its document would get back (``document.rounded``), so the
files of ``hie run`` equal those of the separate commands.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from hie_cli.core.config import as_dict
from hie_cli.core.errors import ConfigError, InputError
from hie_cli.core.prefetch import prefetch
from hie_cli.core.progress import progress
from hie_cli.core.types import Frame, FramePeople, People, VideoInfo
from hie_cli.detection import stage as detect_stage
from hie_cli.detection.box_smoothing import frames_around, steady
from hie_cli.formats.documents.document import Document, Header, rounded
from hie_cli.formats.documents.writer import DocumentWriter
from hie_cli.models.base import Detector, PoseEstimator
from hie_cli.pipeline.document_inputs import attach, document_name, video_info
from hie_cli.pipeline.settings import ChainConfig
from hie_cli.posing import refine as refine_stage
from hie_cli.posing import stage as pose_stage
from hie_cli.recognition import stage as action_stage
from hie_cli.rendering.overlay import ContactSheet, OverlayWriter, painted, save_png
from hie_cli.tracking import stage as track_stage
from hie_cli.video.sources import FrameRange, VideoSource

FrameStream = Iterator[tuple[Frame, People]]


@dataclass(frozen=True)
class OutputDir:
    """Where results go and what may happen to those already there."""

    folder: Path
    overwrite: bool = False
    resume: bool = False

    def document(self, stage: str, name: str) -> Path:
        """``DIR/STAGE/NAME.json``."""
        return self.folder / stage / f"{name}.json"

    def check(self, paths: Iterable[Path]) -> None:
        """Refuse to overwrite silently. Raises ConfigError naming the file."""
        for path in paths:
            if path.exists() and not (self.overwrite or self.resume):
                raise ConfigError(f"{path}: exists already; --overwrite replaces it")


class Models:
    """The networks that a configuration names, loaded when first needed and shared by videos."""

    def __init__(self, config: ChainConfig, device: str) -> None:
        self._config = config
        self.device = device

    @cached_property
    def detectors(self) -> list[Detector]:
        """The loaded detectors of ``config.detect.models``, in that order."""
        from hie_cli.models import registry

        return [registry.load_detector(n, self.device) for n in self._config.detect.models]

    @cached_property
    def pose(self) -> PoseEstimator | None:
        """The loaded pose network of ``config.pose.model``; None if the pose mode runs none."""
        from hie_cli.models import registry

        if self._config.pose.mode == "one-pass":
            return None
        return registry.load_estimator(self._config.pose.model, self.device)


def check_models(config: ChainConfig, stages: Sequence[str], device: str) -> None:
    """Know every model that ``stages`` will ask for. Raises ModelError before any work is done."""
    from hie_cli.models import registry

    if "detect" in stages:
        for name in config.detect.models:
            registry.find(name)
    if "pose" in stages:
        if config.pose.mode != "one-pass":
            registry.find(config.pose.model)
        refine_stage.check_models(config.refine, device)
    if "action" in stages:
        action_stage.check_models(config.action)


def used(models: Iterable[Detector | PoseEstimator]) -> tuple[dict[str, str], ...]:
    """Names and checksums of networks as a document's header keeps them."""
    return tuple({"name": model.name, "sha256": model.sha256} for model in models)


def tee(seen: Iterable[tuple[Frame, People]], writer: DocumentWriter) -> FrameStream:
    """Write every frame's people and pass them on as a reader would get them.

    Frames that a resumed document holds already are passed on from there.
    """
    for position, (frame, people) in enumerate(seen):
        if position < len(writer.done):
            yield frame, writer.done[position].people
            continue
        kept = rounded(people)
        writer.write(FramePeople(frame.index, kept))
        yield frame, kept


def _kept(writer: DocumentWriter, restart: int) -> int:
    """How many frames need no network: those before frame ``restart``, or all if finished."""
    if writer.finished:
        return len(writer.done)
    return sum(item.index < restart for item in writer.done)


def _next_frame(done: Sequence[FramePeople], frames: FrameRange) -> int:
    """The first frame that a resumed document lacks."""
    return done[-1].index + frames.stride if done else frames.first


def detected(
    source: VideoSource, writer: DocumentWriter, config: ChainConfig, models: Models
) -> FrameStream:
    """The detect stage on a video, written along, going on where ``writer`` had stopped."""
    frames, stride = prefetch(source), source.range.stride
    half = frames_around(config.detect.steady_seconds, source.info.fps, stride)
    first = max(source.range.first, _next_frame(writer.done, source.range) - half * stride)
    kept = _kept(writer, detect_stage.segment_start(first, config.detect))

    def people() -> FrameStream:
        for _ in range(kept):
            yield next(frames), People.empty()
        found = detect_stage.detect(frames, config.detect, models.detectors)
        yield from steady(found, half)

    return tee(people(), writer)


def posed(
    seen: FrameStream,
    source: VideoSource,
    writer: DocumentWriter,
    config: ChainConfig,
    models: Models,
) -> FrameStream:
    """The pose stage and its temporal refinement, written along, resuming likewise."""
    frames = source.range
    around = refine_stage.context_frames(config.refine)
    first = frames.first
    if around is not None:
        first = max(first, _next_frame(writer.done, frames) - around * frames.stride)
    restart = pose_stage.window_start(first, config.pose)
    kept = _kept(writer, restart)

    def people() -> FrameStream:
        for _ in range(kept):
            yield next(seen)
        poses = pose_stage.pose(seen, config.pose, models.pose)
        fps = source.info.fps / frames.stride
        yield from refine_stage.refine(poses, config.refine, fps, device=models.device)

    return tee(people(), writer)


def detect_header(source: VideoSource, config: ChainConfig, models: Models) -> Header:
    """The header of a video's detect document."""
    frames = (source.range.first, source.range.end, source.range.stride)
    settings = (("detect", as_dict(config.detect)),)
    return Header("detect", source.info, frames, models=used(models.detectors), config=settings)


def pose_header(before: Header, config: ChainConfig, models: Models) -> Header:
    """The header of the pose document that follows the document of ``before``."""
    networks = () if models.pose is None else used([models.pose])
    settings = {**as_dict(config.pose), "refine": as_dict(config.refine)}
    return before.next_stage("pose", networks, settings)


def run_pose(
    seen: Iterable[tuple[Frame, People]],
    source: VideoSource,
    before: Header,
    place: OutputDir,
    config: ChainConfig,
    models: Models,
) -> tuple[Header, list[FramePeople]]:
    """Pose people, write the pose document, and return its header and people."""
    header = pose_header(before, config, models)
    path = place.document("pose", header.video.name)
    with DocumentWriter(path, header, place.resume) as writer:
        poses = posed(prefetch(seen), source, writer, config, models)
        return header, [FramePeople(frame.index, people) for frame, people in poses]


def run_track(
    sightings: Iterable[track_stage.Observation],
    before: Header,
    place: OutputDir,
    config: ChainConfig,
) -> tuple[Header, list[FramePeople]]:
    """Give identities, write the track document, and return its header and people."""
    people = track_stage.track(sightings, before.video, config.track)
    return _written(people, before.next_stage("track", (), as_dict(config.track)), place)


def run_action(
    people: Iterable[FramePeople],
    before: Header,
    place: OutputDir,
    config: ChainConfig,
    source: VideoSource | None,
    device: str,
) -> tuple[Header, list[FramePeople]]:
    """Score actions, write the action document, and return its header and people.

    ``source``: the video, for recognisers that look at pixels; each decodes it once more.
    """
    scored = action_stage.recognise(
        people, before.video, config.action, frames=source, device=device
    )
    return _written(scored, before.next_stage("action", (), as_dict(config.action)), place)


def _written(
    items: Iterable[FramePeople], header: Header, place: OutputDir
) -> tuple[Header, list[FramePeople]]:
    """Write a document; its header and its people as a reader would get them."""
    kept = []
    with DocumentWriter(place.document(header.stage, header.video.name), header) as writer:
        for item in items:
            kept.append(FramePeople(item.index, rounded(item.people)))
            writer.write(kept[-1])
    return header, kept


def run_render(
    seen: Iterable[tuple[Frame, People]],
    video: VideoInfo,
    num_frames: int,
    place: OutputDir,
    config: ChainConfig,
    png: bool = False,
) -> list[FramePeople]:
    """Write overlay video and contact sheet (and with ``png`` every drawn frame); the people."""
    shown = []
    folder = place.folder / "render"
    overlay = OverlayWriter(folder / f"{video.name}.mp4", video.fps)
    sheet = ContactSheet(video, num_frames, config.render)
    try:
        drawn = painted(seen, video, config.render)
        for index, image, people in progress(drawn, f"{video.name}: overlay", num_frames):
            shown.append(FramePeople(index, people))
            overlay.write(image)
            sheet.add(index, image, len(people))
            if png:
                save_png(folder / video.name / f"{index:06d}.png", image)
        overlay.close()
    except BaseException:
        overlay.discard()
        raise
    sheet.save(folder / f"{video.name}.png")
    return shown


def outputs(name: str, stages: Sequence[str], place: OutputDir) -> list[Path]:
    """The files that ``stages`` write for the video NAME."""
    documents = [place.document(stage, name) for stage in stages if stage != "render"]
    folder = place.folder / "render"
    pictures = [folder / f"{name}.mp4", folder / f"{name}.png"] if "render" in stages else []
    return documents + pictures


def run_video(
    source: VideoSource,
    stages: Sequence[str],
    place: OutputDir,
    config: ChainConfig,
    models: Models,
) -> list[FramePeople]:
    """Take one video through ``stages`` (a beginning of ``STAGES``); its people at the end.

    Pixels are decoded once, ahead, and flow through detect, pose and the tracker's description of
    people; identities and actions follow from those alone; the overlay decodes once more, and so do
    poses that wait for identities (``config.order``).
    """
    name = source.info.name
    header = detect_header(source, config, models)
    pose_last = "pose" in stages and "track" in stages and config.order == "track-first"
    with ExitStack() as stack:

        def open_writer(head: Header) -> DocumentWriter:
            path = place.document(head.stage, name)
            return stack.enter_context(DocumentWriter(path, head, place.resume))

        seen = detected(source, open_writer(header), config, models)
        if "pose" in stages and not pose_last:
            header = pose_header(header, config, models)
            seen = posed(prefetch(seen), source, open_writer(header), config, models)
        bar = progress(seen, f"{name}: people", len(source) or None)
        if "track" not in stages:
            return [FramePeople(frame.index, people) for frame, people in bar]
        sightings = list(track_stage.describe(bar, config.track))
    header, result = run_track(sightings, header, place, config)
    if pose_last:
        pairs = zip(source, (item.people for item in result), strict=True)
        bar = progress(pairs, f"{name}: poses", len(result))
        header, result = run_pose(bar, source, header, place, config, models)
    if "action" in stages:
        header, result = run_action(result, header, place, config, source, models.device)
    if "render" in stages:
        pairs = zip(source, (item.people for item in result), strict=True)
        run_render(pairs, source.info, len(result), place, config)
    return result


def run_document(
    document: Document,
    source: VideoSource | None,
    stage: str,
    place: OutputDir,
    config: ChainConfig,
    models: Models,
    png: bool = False,
) -> list[FramePeople]:
    """Take one document through one stage; its people at the end.

    ``source`` is the document's video; track does without it, and so does action unless one of its
    models looks at pixels.
    """
    header = document.header or foreign_header(document, source)
    if stage == "action":
        return run_action(RequireTrackIds(document), header, place, config, source, models.device)[
            1
        ]
    if stage == "track" and source is None:
        sightings = track_stage.undescribed(document)
        return run_track(sightings, header, place, config)[1]
    assert source is not None
    seen = attach(document, source)
    if stage == "render":
        return run_render(seen, header.video, len(source), place, config, png)
    bar = progress(seen, f"{header.video.name}: {stage}", len(source) or None)
    if stage == "track":
        described = track_stage.describe(prefetch(bar), config.track)
        return run_track(described, header, place, config)[1]
    return run_pose(bar, source, header, place, config, models)[1]


@dataclass(frozen=True)
class RequireTrackIds:
    """A document's frames, as often as asked for.

    Iterating raises InputError if its people have no identities.
    """

    document: Document

    def __iter__(self) -> Iterator[FramePeople]:
        for item in self.document:
            if len(item.people) and item.people.track_ids is None:
                raise InputError(
                    f"{self.document.path}: frame {item.index}: people have no track_id; "
                    "run hie track first"
                )
            yield item


def foreign_header(document: Document, source: VideoSource | None) -> Header:
    """A header for an annolist file that another program wrote."""
    video = video_info(document, source)
    return Header("detect", replace(video, name=document_name(document)))
