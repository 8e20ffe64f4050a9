"""The chain for callers in Python: videos in, frames with their people out.

With an output folder it writes what ``hie run`` writes; without one nothing touches the disk.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hie_cli.core.errors import ConfigError, InputError, OnError, check_on_error
from hie_cli.core.types import Frame, FramePeople, FrameStream, Image, People, VideoInfo
from hie_cli.detection import stage as detection
from hie_cli.formats.documents.rounding import rounded, rounded_frame
from hie_cli.pipeline.failures import failure
from hie_cli.pipeline.inputs import (
    VideoInput,
    Videos,
    check_cut_options,
    cut_inputs,
    video_inputs,
)
from hie_cli.pipeline.job import Setup, video_frames
from hie_cli.pipeline.networks import Models, check_models
from hie_cli.pipeline.output import OutputDir
from hie_cli.pipeline.settings import ChainConfig, stages_of_stills, stages_until
from hie_cli.pipeline.stages import with_own_poses
from hie_cli.pipeline.summary import summary, write_summary
from hie_cli.pipeline.video_selection import Selection
from hie_cli.posing import refine as refining
from hie_cli.posing import stage as posing
from hie_cli.recognition import stage as recognition
from hie_cli.tracking import stage as tracking
from hie_cli.video.sources import FALLBACK_FPS

if TYPE_CHECKING:
    from hie_cli.recognition.kinematic.explanation import Explanation

DEFAULTS = ChainConfig()
EVERY_FRAME = Selection()


@dataclass(frozen=True)
class Failure:
    """A video that could not be finished, and why."""

    name: str
    error: Exception


class ChainRun(Iterator[FramePeople]):
    """An iterator over the frames of all videos, one video after another.

    ``failures``: the videos that failed so far (``errors="collect"``) · ``records``: what was
    counted of each video that has come to its end. ``finish()`` runs to the end without giving
    frames; ``close()`` stops early, and what was written until then can be resumed.
    """

    def __init__(self, frames: "Iterator[FramePeople]", state: "_State") -> None:
        self._frames = frames
        self._state = state

    def __next__(self) -> FramePeople:
        return next(self._frames)

    @property
    def failures(self) -> list[Failure]:
        """The videos that failed, in order."""
        return self._state.failures

    @property
    def records(self) -> list[dict[str, Any]]:
        """Of each video that came to its end: name, frames, people and so on, and seconds."""
        return self._state.records

    def finish(self) -> list[dict[str, Any]]:
        """Run to the end; the records."""
        for _ in self._frames:
            pass
        return self.records

    def close(self) -> None:
        """Stop; documents that are not finished stay to be resumed."""
        close = getattr(self._frames, "close", None)
        if close is not None:
            close()


class _State:
    def __init__(self) -> None:
        self.failures: list[Failure] = []
        self.records: list[dict[str, Any]] = []


def run(
    videos: Videos,
    selection: Selection = EVERY_FRAME,
    *,
    until: str | None = None,
    config: ChainConfig = DEFAULTS,
    device: str = "auto",
    output: OutputDir | Path | str | None = None,
    fps: float | None = None,
    name: str | None = None,
    errors: OnError = "raise",
    images: bool = True,
) -> ChainRun:
    """The people of every frame of ``videos``, through the stages up to ``until``.

    videos: a path, folder or pattern, or several; a list of image files (one video); or any
    iterable of pictures (H, W, 3) uint8 BGR, whose ``fps`` and ``name`` are given here ·
    selection: which frames of them, stills, a cut list (``videos`` are then paths, or () where the
    list itself holds them) · until: detect, pose, track, action, or (with ``output`` only, and the
    default there) render · output: a folder, or an ``OutputDir`` that says what may happen to
    results already there · images: whether items carry pixels; where identities have to wait for
    the end of the video it is read once more for them, and a source that can be read once only has
    none left.

    detect and pose come frame by frame; identities when their video has ended, or at once with
    ``track.online``. Names, files and models are checked at once, before the first frame is asked
    for. Raises ConfigError, InputError and ModelError; with errors="collect" a video's failure, of
    any kind, goes to ``failures`` and the next video follows.
    """
    check_on_error(errors)
    if until == "render" and output is None:
        raise ConfigError("until render needs an output folder to draw to")
    last = until or ("action" if output is None else "render")
    stages = stages_of_stills(until) if selection.stills else stages_until(last, config.order)
    output_dir = output if isinstance(output, OutputDir | None) else OutputDir(Path(output))
    check_models(config, stages, device)
    rate = config.video.fps if fps is None else fps
    if selection.cuts is None:
        chosen = video_inputs(videos, selection.frames, rate, name, selection.stills)
    else:
        check_cut_options(selection.frames, selection.stills)
        chosen = cut_inputs(selection.cuts, videos, rate)
    if output_dir is not None:
        for video in chosen:
            output_dir.check(output_dir.files(video.name, stages))
    state = _State()
    setup = Setup(stages, output_dir, config, device, images)
    return ChainRun(_all(chosen, setup, errors == "collect", state), state)


def _all(videos: Sequence[VideoInput], setup: Setup, collect: bool, state: _State) -> FrameStream:
    records: list[dict[str, Any]] = []
    try:
        for video in videos:
            records.append({"name": video.name})
            try:
                yield from video_frames(video, setup, records[-1])
            except Exception as error:
                records[-1] |= failure(video.name, error)
                if not collect:
                    raise
                state.failures.append(Failure(video.name, error))
            else:
                state.records.append(records[-1])
    finally:
        ended = [record for record in records if "status" in record]
        if setup.output_dir is not None and len(setup.stages) > 1 and ended:
            write_summary(setup.output_dir.folder, summary(ended, setup.stages, setup.config))


def detect_image(image: Image, *, config: ChainConfig = DEFAULTS, device: str = "auto") -> People:
    """The people of one picture (H, W, 3) uint8 BGR, best first; as ``run`` on that one frame.

    Networks stay loaded between calls.
    """
    models = Models(config, device)
    frame = Frame(0, picture(image))
    found = detection.detect([frame], config.detect, models.detectors, models.references)
    return rounded(next(found).people)


def pose_image(
    image: Image, people: People, *, config: ChainConfig = DEFAULTS, device: str = "auto"
) -> People:
    """``people`` of one picture with their joints; networks stay loaded between calls.

    Those who turn out to be the same person are merged: fewer may come back.
    """
    item = FramePeople(0, people, picture(image))
    return rounded(next(posing.pose([item], config.pose, Models(config, device).pose)).people)


def pose_frames(
    frames: Iterable[FramePeople],
    *,
    config: ChainConfig = DEFAULTS,
    device: str = "auto",
    fps: float | None = None,
) -> FrameStream:
    """Frames with people and images -> the same with joints, refined over time; streams.

    With ``order="track-first"`` no two people of a frame have one pose: identities tell whose it
    is. Unless ``track.online`` it then looks ``track.fill_seconds`` ahead, and drops the images.
    """
    video, stream = _video(frames, fps)
    poses = posing.pose(stream, config.pose, Models(config, device).pose)
    refined = refining.refine(poses, config.refine, video.fps, device=device)
    yield from _rounded(with_own_poses(refined, config, video))


def track_frames(
    frames: Iterable[FramePeople],
    *,
    config: ChainConfig = DEFAULTS,
    device: str = "auto",
    video: VideoInfo | None = None,
    fps: float | None = None,
) -> FrameStream:
    """Frames with people -> the same with ``track_ids``; by appearance too where there are images.

    ``video``: size and fps, where the frames themselves do not say (``.video``, or an image and
    ``fps``). Comes when the frames have ended; with ``track.online`` one by one.
    """
    known, stream = _video(frames, fps, video)
    network = Models(config, device).appearance
    embed = None if network is None else network.embed
    yield from _rounded(
        tracking.track(tracking.describe(stream, config.track, embed), known, config.track), known
    )


def recognise_frames(
    frames: Iterable[FramePeople],
    *,
    config: ChainConfig = DEFAULTS,
    device: str = "auto",
    video: VideoInfo | None = None,
    fps: float | None = None,
    source: Iterable[Frame] | None = None,
) -> FrameStream:
    """Tracked frames -> the same with ``action_scores``; ``video``, ``fps``: as ``track_frames``.

    ``source``: the video's frames, for models that look at pixels.
    """
    known, stream = _video(frames, fps, video)
    people: Iterable[FramePeople] = stream
    if recognition.needs_people_twice(config.action):
        people = list(stream)
    yield from _rounded(
        recognition.recognise(people, known, config.action, frames=source, device=device), known
    )


def explain_frames(
    frames: Iterable[FramePeople],
    track_id: int,
    *,
    config: ChainConfig = DEFAULTS,
    video: VideoInfo | None = None,
    fps: float | None = None,
) -> Iterator["Explanation"]:
    """Tracked frames -> why ``track_id`` is judged as it is, for each sampled frame that shows it;
    ``video``, ``fps``: as ``track_frames``.
    """
    from hie_cli.recognition.kinematic.explanation import explain

    known, stream = _video(frames, fps, video)
    yield from explain(stream, known, config.action, track_id)


def _video(
    frames: Iterable[FramePeople], fps: float | None, video: VideoInfo | None = None
) -> tuple[VideoInfo, FrameStream]:
    """What the frames are of, and all of them. Raises InputError where their size is not known."""
    rest = iter(frames)
    first = list(islice(rest, 1))
    stream = chain(first, rest)
    info = video or (first[0].video if first else VideoInfo("video", 1, 1, FALLBACK_FPS, 0))
    if info is None and first[0].image is not None:
        height, width = picture(first[0].image).shape[:2]
        info = VideoInfo("video", width, height, FALLBACK_FPS, None)
    if info is None:
        raise InputError("frames say neither their video nor carry an image; give video=")
    return (info if fps is None else replace(info, fps=fps)), stream


def _rounded(stream: FrameStream, video: VideoInfo | None = None) -> FrameStream:
    for item in stream:
        yield replace(rounded_frame(item), video=item.video or video)


def picture(image: Image) -> Image:
    """``image``; raises InputError unless it is (H, W, 3) uint8."""
    if getattr(image, "ndim", 0) != 3 or image.shape[2] != 3 or str(image.dtype) != "uint8":
        shape = f"shape {getattr(image, 'shape', None)} {getattr(image, 'dtype', type(image))}"
        raise InputError(f"image: {shape}; expected (H, W, 3) uint8, BGR")
    return image


__all__ = [
    "ChainRun",
    "Failure",
    "detect_image",
    "pose_frames",
    "pose_image",
    "recognise_frames",
    "run",
    "track_frames",
]
