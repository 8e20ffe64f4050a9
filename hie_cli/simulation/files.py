"""Writing a simulated crowd: video, HiEve ground truth of every track, and the observations."""

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from hie_cli.core.action_classes import NUM_ACTIONS
from hie_cli.core.annotations import VISIBLE, Annotations, TruthSequence
from hie_cli.core.errors import ConfigError
from hie_cli.core.types import Frame, FramePeople, People, VideoInfo
from hie_cli.formats.documents.document import Header
from hie_cli.formats.documents.rounding import rounded
from hie_cli.formats.documents.writer import DocumentWriter
from hie_cli.formats.files import atomic_write
from hie_cli.formats.layouts.hieve_frames import format_frame
from hie_cli.formats.layouts.track_rows import format_rows


def write_truth(folder: Path, truth: TruthSequence, info: VideoInfo) -> None:
    """``labels/`` as HiEve's release has it: all-track XML, Track-1 text, Track-2&3 annolist."""
    for t in range(len(truth.frames)):
        with atomic_write(folder / "all-track" / truth.name / f"{t:06d}.xml") as file:
            file.write(format_frame(truth, t, False))
    with atomic_write(folder / "track1" / f"{truth.name}.txt") as file:
        for t, frame in enumerate(truth.frames):
            people = People(frame.boxes, np.ones(len(frame)), frame.track_ids)
            flags = ["0" if ignored else "1" for ignored in frame.ignore]
            file.write(format_rows(t, people, 0, conf=flags))
    header = Header("action", info)
    with DocumentWriter(folder / "track2&3" / f"{truth.name}.json", header) as writer:
        for t, frame in enumerate(truth.frames):
            writer.write(FramePeople(t, rounded(_as_people(frame))))


def _as_people(frame: Annotations) -> People:
    """Truth as people: a joint's score is 1 if visible else 0, the action's score 1."""
    assert frame.visibility is not None
    assert frame.actions is not None
    return People(
        frame.boxes,
        np.ones(len(frame)),
        frame.track_ids,
        frame.keypoints,
        (frame.visibility == VISIBLE).astype(np.float32),
        np.eye(NUM_ACTIONS)[frame.actions],
    )


def write_observations(path: Path, observed: Iterable[FramePeople], info: VideoInfo) -> None:
    """A stage document as ``hie track`` would have written it."""
    with DocumentWriter(path, Header("track", info)) as writer:
        for item in observed:
            writer.write(FramePeople(item.index, rounded(item.people)))


def write_video(path: Path, frames: Iterable[Frame], info: VideoInfo) -> None:
    """An mp4 of the frames, published once complete. Raises ConfigError if it cannot be written."""
    partial = path.with_name(f".partial-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{path.parent}: cannot be made ({error.strerror})") from None
    code = cv2.VideoWriter.fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(partial), code, info.fps, (info.width, info.height))
    try:
        if not writer.isOpened():
            raise ConfigError(f"{path}: cannot be written as a video; check the folder")
        for frame in frames:
            writer.write(frame.image)
        writer.release()
        partial.replace(path)
    finally:
        writer.release()
        partial.unlink(missing_ok=True)
