"""The chain's functions as ``hie_cli`` offers them: settings by keyword, as the commands' options.

``**options``, ``**networks`` and ``**settings`` are the keywords of ``pipeline.keywords``:

preset: a shipped one's name, or a YAML file · config: one or several YAML files over it · set:
single settings over those, such as ``{"detect.min_score": 0.3}`` · device: auto, cpu, cuda or mps ·
precision: of the networks, auto, fp32, int8 (on a CPU) or fp16 (on CUDA).

Wrong settings raise ConfigError, unknown models ModelError, bad input InputError.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, overload

from hie_cli.core.config import overlay
from hie_cli.core.errors import ConfigError, InputError, OnError
from hie_cli.core.types import Frame, FramePeople, FrameStream, Image, People, VideoInfo
from hie_cli.formats.documents.document import Document
from hie_cli.pipeline import chain, keywords, single_stages
from hie_cli.pipeline.chain import ChainRun
from hie_cli.pipeline.document_inputs import document_name, find_documents, match_video, open_video
from hie_cli.pipeline.executors.engine import Engine
from hie_cli.pipeline.inputs import Paths, Videos, path_texts
from hie_cli.pipeline.keywords import (
    DeviceKeywords,
    NetworkKeywords,
    SettingsKeywords,
    VideoKeywords,
)
from hie_cli.pipeline.networks import Models
from hie_cli.pipeline.output import output_dir
from hie_cli.pipeline.run import run_document
from hie_cli.pipeline.video_batch import Batch, run_videos
from hie_cli.pipeline.video_selection import parse_shard
from hie_cli.rendering.draw import Painter
from hie_cli.rendering.settings import render_options
from hie_cli.streaming.run import DEFAULT_SEGMENT, LiveRun, open_live
from hie_cli.video.live import News
from hie_cli.video.video_files import find_videos

if TYPE_CHECKING:
    from hie_cli.recognition.kinematic.explanation import Explanation


def run(
    videos: Videos,
    *,
    output: Path | str | None = None,
    fps: float | None = None,
    name: str | None = None,
    errors: OnError = "raise",
    images: bool = True,
    **options: Unpack[VideoKeywords],
) -> ChainRun:
    """The people of every frame, one video after another: boxes, poses, identities, actions.

    videos: a path, folder or pattern, or several; a list of image files (one video); or any
    iterable of pictures (H, W, 3) uint8 BGR, whose ``fps`` and ``name`` are given here · output:
    the folder to write what ``hie run`` writes; without it nothing touches the disk · errors:
    "collect" keeps a failing video in ``.failures`` and goes on · images: whether items carry
    pixels. Options, beside those of all functions:

    until: the last stage, detect, pose, track, action or (with ``output``, and the default there)
    render · frames: "A:B:S" as ``--frames`` · begin, end: a span of time, "MM:SS" or seconds ·
    stills: every image is a video of its own · cuts: a cut list, whose pieces of ``videos`` are
    run, each a video of its own (``videos`` () where the list holds paths) · overwrite, resume:
    what is in ``output`` already.

    Gives ``FramePeople`` with ``index``, ``people``, ``image`` and ``video``; those of a video come
    at its end where identities need the whole of it. Names, settings and models are checked before
    the first frame is asked for.
    """
    how = keywords.video_run(**options)
    place = None
    if output is not None:
        place = output_dir(output, how.overwrite, how.resume)
    elif how.overwrite or how.resume:
        raise ConfigError("overwrite and resume concern files; give output as well")
    return chain.run(
        videos, how.selection, until=how.until, config=how.config, device=how.device,
        output=place, fps=fps, name=name, errors=errors, images=images,
    )  # fmt: skip


def run_batch(
    videos: Paths = (),
    *,
    output: Path | str = "out",
    workers: int | None = None,
    engine: str = "local",
    address: str | None = None,
    num_cpus: float = 1.0,
    num_gpus: float = 0.0,
    shard: str = "1/1",
    segment_frames: int | None = None,
    retry_failed: bool = False,
    list: PathLike[str] | str | None = None,
    parquet: bool = False,
    metrics_port: str | int | None = None,
    **options: Unpack[VideoKeywords],
) -> list[dict[str, Any]]:
    """Every video into the folder ``output``, as ``hie run``: its record for each, in order.

    videos: a path, folder or pattern, or several · workers: videos at a time, in processes of their
    own (a script that asks for more than one needs ``if __name__ == "__main__":``) · engine: local,
    or ray: on the cluster at ``address`` ("auto", HOST:PORT; None starts one here), as many at a
    time as it has room for workers of num_cpus and num_gpus · shard: "i/n",
    the i-th of n parts of the videos · segment_frames: long videos are parted into segments of so
    many frames (0: never, None: where workers would be idle) · retry_failed: only those that failed
    or were interrupted in ``output`` · list: a text, csv or parquet file that names the videos,
    with options of each (docs/scale.md) · parquet: their people also as one table,
    ``output``/people · metrics_port: PORT or HOST:PORT where figures for Prometheus are served
    meanwhile. ``videos``, those of a list and ``output`` may be addresses, such as s3://. Options:
    as of ``run``.

    A record's ``status`` is ok or failed; with ``error`` and ``exit_code``. What was recorded tells
    ``status``.
    """
    how = keywords.video_run(**options)
    selection = replace(
        how.selection,
        patterns=path_texts(videos),
        listed=None if list is None else Path(list),
        shard=parse_shard(shard),
        retry_failed=retry_failed,
    )
    batch = Batch(
        engine=Engine(workers, engine, address, num_cpus, num_gpus),
        table=parquet,
        segment_frames=segment_frames,
        metrics=None if metrics_port is None else str(metrics_port),
    )
    place = output_dir(output, how.overwrite, how.resume, retry_failed, stored=True)
    return run_videos(selection, place, how.config, how.device, how.until, batch)


def stream(
    source: str | int,
    *,
    output: Path | str | None = None,
    until: str | None = None,
    segment: str | float = DEFAULT_SEGMENT,
    duration: str | float | None = None,
    overwrite: bool = False,
    name: str | None = None,
    serve: int | None = None,
    told: Callable[[News], None] | None = None,
    **networks: Unpack[NetworkKeywords],
) -> LiveRun:
    """The people of a live source, frame by frame, as it plays.

    source: an address (rtsp, rtsps, http, https), or the number of a camera of this machine ·
    output: the folder of documents and overlays, in segments NAME-0001, NAME-0002, ... of
    ``segment`` seconds ("10min") each; without it nothing touches the disk · until: detect, pose,
    track, action or (with ``output``, and the default there) render · duration: when to end; None:
    with the source, or at ``LiveRun.stop`` · name: of the documents; None: by the address · serve:
    the port of a page of this machine that shows the overlay (0: a free one; ``LiveRun.page``) ·
    told: called, from another thread, when the source is lost or back.

    Identities are given at once (``track.online``), and frames that come faster than they can be
    looked at are dropped and counted. The source is open, and networks are loaded, when this
    returns. If the source is lost for good, HieError is raised after the last frame.
    """
    place = None
    if output is not None:
        place = output_dir(output, overwrite, False)
    elif overwrite:
        raise ConfigError("overwrite concerns files; give output as well")
    how = keywords.networks(**networks)
    return open_live(
        str(source), how.config, device=how.device, output=place, until=until, segment=segment,
        duration=duration, name=name, serve=serve, told=told,
    )  # fmt: skip


def detect(image: Image | PathLike[str] | str, **networks: Unpack[NetworkKeywords]) -> People:
    """The people of one picture: boxes and scores, best first.

    image: (H, W, 3) uint8 BGR, or an image file. Networks stay loaded between calls. For videos:
    ``run(..., until="detect")``.
    """
    how = keywords.networks(**networks)
    return single_stages.detect_image(_picture(image), config=how.config, device=how.device)


@overload
def pose(
    frames: Image | PathLike[str] | str, people: People, **networks: Unpack[NetworkKeywords]
) -> People: ...


@overload
def pose(
    frames: Iterable[FramePeople],
    people: None = None,
    *,
    fps: float | None = None,
    **networks: Unpack[NetworkKeywords],
) -> FrameStream: ...


def pose(
    frames: Image | PathLike[str] | str | Iterable[FramePeople],
    people: People | None = None,
    *,
    fps: float | None = None,
    **networks: Unpack[NetworkKeywords],
) -> People | FrameStream:
    """The 14 joints of people: of one picture, or of frames with people and images.

    ``pose(image, people)`` gives the people with joints (those who turn out to be the same person
    are merged). ``pose(frames)`` gives the frames one by one, joints refined over time.
    """
    how = keywords.networks(**networks)
    if people is not None:
        image = _picture(frames)  # type: ignore[arg-type] # overloaded
        return single_stages.pose_image(image, people, config=how.config, device=how.device)
    if isinstance(frames, str | PathLike) or hasattr(frames, "dtype"):
        raise InputError("pose: one picture needs its people as well: pose(image, people)")
    return single_stages.pose_frames(frames, config=how.config, device=how.device, fps=fps)


def track(
    frames: Iterable[FramePeople],
    *,
    video: VideoInfo | None = None,
    fps: float | None = None,
    **networks: Unpack[DeviceKeywords],
) -> FrameStream:
    """Frames with people -> the same with an identity per person (``people.track_ids``).

    By appearance too where the frames carry images (``set={"track.appearance_model": NAME}``: by a
    network's vectors, computed on ``device``). video, fps: size and rate, where the frames
    themselves do not say. Comes when the frames have ended; with ``set={"track.online": True}`` one
    by one.
    """
    how = keywords.networks(**networks)
    return single_stages.track_frames(
        frames, config=how.config, device=how.device, video=video, fps=fps
    )


def recognise(
    frames: Iterable[FramePeople],
    *,
    video: VideoInfo | None = None,
    fps: float | None = None,
    source: Iterable[Frame] | None = None,
    **networks: Unpack[DeviceKeywords],
) -> FrameStream:
    """Frames with tracked people -> the same with a score for each action.

    video, fps: as in ``track`` · source: the video's frames, for recognisers that look at pixels.
    Every ``action.every``-th frame is scored, the rows of the others are NaN.
    """
    how = keywords.networks(**networks)
    return single_stages.recognise_frames(
        frames, config=how.config, device=how.device, video=video, fps=fps, source=source
    )


def explain(
    frames: Iterable[FramePeople],
    track_id: int,
    *,
    video: VideoInfo | None = None,
    fps: float | None = None,
    **settings: Unpack[SettingsKeywords],
) -> Iterator["Explanation"]:
    """Frames with tracked people -> why the kinematic recogniser judges one identity as it does.

    One ``Explanation`` for each sampled frame that shows ``track_id``: its two best actions, the
    rules' opinion, and how much each measure speaks for the first action. video, fps: as in
    ``track``.
    """
    config = keywords.settings(**settings)
    return single_stages.explain_frames(frames, track_id, config=config, video=video, fps=fps)


def render(
    documents: PathLike[str] | str | Sequence[PathLike[str] | str],
    *,
    video: PathLike[str] | str | Sequence[PathLike[str] | str],
    output: Path | str = "out",
    show: Sequence[str] | None = None,
    only: Sequence[int] | None = None,
    scale: float | None = None,
    slow: float | None = None,
    crop: Sequence[int] | None = None,
    blur: str | None = None,
    cutouts: bool | None = None,
    zones: PathLike[str] | str | None = None,
    png: bool = False,
    overwrite: bool = False,
    **settings: Unpack[SettingsKeywords],
) -> list[Path]:
    """Draw stage documents over their videos: overlay video and contact sheet; their paths.

    documents, video: paths, folders or patterns, matched by name · show: layers, in crowds, too ·
    only: identities · crop: x, y, width, height in pixels · blur: faces, heads or people · cutouts:
    a clip of each identity as well · zones: a file of lines and areas · png: every drawn frame as
    well; these are the options of ``hie render`` (docs/pictures.md). For a picture in memory:
    ``draw``.
    """
    chosen = render_options(show, only, scale, slow, crop, blur, cutouts, zones)
    config = overlay(keywords.settings(**settings), {"render": chosen}, "render")
    place = output_dir(output, overwrite, False)
    models, videos = Models(config, "cpu"), find_videos(path_texts(video))
    files: list[Path] = []
    for path in find_documents(path_texts(documents)):
        document = Document(path)
        if document.header is None:
            next(iter(document), None)  # another program's file: read it before believing its name
        source = open_video(document, match_video(document, videos), config.video.fps)
        made = place.files(document_name(document), ("render",))
        place.check(made)
        run_document(document, source, "render", place, config, models, png)
        files += made
        if config.render.cutouts:
            files += place.clips(document_name(document))
    return files


def draw(image: Image, people: People, **settings: Unpack[SettingsKeywords]) -> Image:
    """A copy of ``image`` (H, W, 3) uint8 BGR with boxes, skeletons, identities and actions.

    Of the settings the section ``render`` counts, such as ``set={"render.show": ["boxes"]}``.
    """
    config = keywords.settings(**settings).render
    return Painter(config, fps=1.0).paint(single_stages.picture(image).copy(), people, 0)


def _picture(image: Image | PathLike[str] | str) -> Image:
    """A picture in memory, or that of a file."""
    if isinstance(image, str | PathLike):
        from hie_cli.video.images import read_image

        return read_image(Path(image))
    return image
