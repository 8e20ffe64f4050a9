"""The stages of the chain as records; one function each, found by name."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from hie_cli.core.config import as_dict
from hie_cli.core.types import Frame, FramePeople, FrameStream, Image, People, VideoInfo
from hie_cli.detection import stage as detection
from hie_cli.detection.box_smoothing import frames_around, smooth_boxes
from hie_cli.pipeline import pictures
from hie_cli.pipeline.clock import Clock, TimedAppearance, TimedDetector, TimedEstimator
from hie_cli.pipeline.inputs import Source
from hie_cli.pipeline.networks import Models, used
from hie_cli.pipeline.output import OutputDir
from hie_cli.pipeline.settings import ChainConfig
from hie_cli.pipeline.stage import Stage
from hie_cli.posing import refine
from hie_cli.posing import stage as posing
from hie_cli.recognition import stage as recognition
from hie_cli.tracking import stage as tracking
from hie_cli.tracking.shared_poses import own_poses
from hie_cli.video.sources import VideoSource


class SourcePasses:
    """The frames of a source, with nobody in them yet, as often as asked for.

    ``total``: how many there are: counted once a pass has come to its end, before that as many as
    the source says (0: it does not) · ``again``: whether there can be a second pass.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.total = len(source)
        self.again = isinstance(source, VideoSource) or source.again

    def __iter__(self) -> Iterator[FramePeople]:
        count = 0
        for frame in self.source:
            count += 1
            yield FramePeople(frame.index, People.empty(), frame.image)
        self.total = count


@dataclass(frozen=True)
class VideoRun:
    """What the stages are told of the video at hand.

    ``video``: its name, size and fps · ``stride`` of the frames that are used · ``frames``: its
    pixels, None where there are none · ``output``: where pictures go; ``png``: every drawn frame,
    too · ``clock``: what the stages take.
    """

    video: VideoInfo
    stride: int
    frames: SourcePasses | None
    config: ChainConfig
    models: Models
    output: OutputDir | None = None
    png: bool = False
    clock: Clock = field(default_factory=Clock)


def detect(run: VideoRun) -> Stage:
    """Detection and the smoothing of boxes over time."""
    config = run.config.detect
    half = frames_around(config.steady_seconds, run.video.fps, run.stride)

    def stage(stream: FrameStream) -> FrameStream:
        frames = (Frame(i.index, i.image) for i in stream if i.image is not None)
        models, references = (
            [TimedDetector(model, run.clock) for model in loaded]
            for loaded in (run.models.detectors, run.models.references)
        )
        found = detection.detect(frames, config, models, references)
        return smooth_boxes(found, half, run.stride / run.video.fps)

    def networks() -> tuple[dict[str, str], ...]:
        own = run.models.detectors
        others = [each for each in run.models.references if each.name not in config.models]
        return used([*own, *others])

    return Stage(
        "detect",
        stage,
        as_dict(config),
        networks,
        context=half,
        restart=lambda index: detection.segment_start(index, config),
        end=lambda index: detection.part_end(index, config),
        needs_pixels=True,
    )


def pose(run: VideoRun) -> Stage:
    """Pose estimation and the refinement of poses over time."""
    config, refining = run.config.pose, run.config.refine
    context = refine.context_frames(refining)
    if run.config.order == "track-first" and context is not None:
        context += -(-run.config.track.fill_frames(run.video.fps) // run.stride)

    def stage(stream: FrameStream) -> FrameStream:
        model = run.models.pose
        timed = None if model is None else TimedEstimator(model, run.clock)
        poses = posing.pose(stream, config, timed)
        fps = run.video.fps / run.stride
        refined = refine.refine(poses, refining, fps, device=run.models.device)
        return with_own_poses(refined, run.config, run.video)

    return Stage(
        "pose",
        stage,
        {**as_dict(config), "refine": as_dict(refining)},
        lambda: () if run.models.pose is None else used([run.models.pose]),
        context=context,
        restart=lambda index: posing.window_start(index, config),
        end=lambda index: posing.window_start(index, config) + config.window,
        needs_pixels=True,
        keeps_images=run.config.order == "pose-first" or run.config.track.online,
    )


def with_own_poses(stream: FrameStream, config: ChainConfig, video: VideoInfo) -> FrameStream:
    """``stream``; where identities come before poses, no two people of a frame have one pose.

    For that it looks ahead unless identities are given online, and drops the images.
    """
    if config.order == "pose-first":
        return stream
    longest = config.track.fill_frames(video.fps)
    ahead = 0 if config.track.online else longest
    return own_poses(stream, longest, config.track.filled_score, ahead)


def track(run: VideoRun) -> Stage:
    """Identities; from people alone where the stream carries no images."""
    config = run.config.track

    def stage(stream: FrameStream) -> FrameStream:
        network = run.models.appearance
        embed = None if network is None else TimedAppearance(network, run.clock).embed
        if not config.online:
            yield from tracking.track(tracking.describe(stream, config, embed), run.video, config)
            return
        images: list[Image | None] = []  # of the one frame that is under way
        observations = tracking.describe(_noting(stream, images), config, embed)
        for item in tracking.track(observations, run.video, config):
            yield replace(item, image=images.pop())

    def models() -> tuple[dict[str, str], ...]:
        network = run.models.appearance
        return () if network is None else used([network])

    online = config.online
    return Stage("track", stage, as_dict(config), models, whole=not online, keeps_images=online)


def _noting(stream: FrameStream, images: list[Image | None]) -> FrameStream:
    for item in stream:
        images.append(item.image)
        yield item


def action(run: VideoRun) -> Stage:
    """Actions; recognisers that look at pixels go over the video once more, each on its own.

    Images pass only where they cannot be had again: the stage holds some seconds of frames.
    """
    config = run.config.action
    keep = run.frames is not None and not run.frames.again

    def stage(stream: FrameStream) -> FrameStream:
        items = stream if keep else (replace(item, image=None) for item in stream)
        return recognition.recognise(
            list(items) if recognition.needs_people_twice(config) else items,
            run.video,
            config,
            frames=None if run.frames is None else run.frames.source,
            device=run.models.device,
        )

    return Stage("action", stage, as_dict(config), keeps_images=keep)


def _render(run: VideoRun) -> Stage:
    """Overlay, contact sheet and single pictures (``pictures.render``)."""
    frames = run.frames
    return pictures.render(
        pictures.Pictures(
            run.video,
            run.stride,
            run.config.render,
            run.output,
            run.png,
            None if frames is None else frames.source,
        )
    )


STAGES: dict[str, Callable[[VideoRun], Stage]] = {
    "detect": detect,
    "pose": pose,
    "track": track,
    "action": action,
    "render": _render,
}
