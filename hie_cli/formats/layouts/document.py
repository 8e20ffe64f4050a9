"""Our stage document as a layout to write; it is read as the annolist that it is."""

from collections.abc import Sequence
from pathlib import Path

from hie_cli.core.errors import ConfigError
from hie_cli.core.types import FramePeople, VideoInfo
from hie_cli.formats.documents.document import Header
from hie_cli.formats.documents.writer import DocumentWriter
from hie_cli.formats.layout import Layout
from hie_cli.formats.layouts import annolist
from hie_cli.formats.output import files
from hie_cli.formats.sequence import VideoSequence, contents, image_size


def _write(sequences: Sequence[VideoSequence], path: Path) -> None:
    (sequence,) = sequences
    width, height = image_size(sequence)
    if sequence.fps is None:
        raise ConfigError(f"{sequence.name}: its frame rate is not known; add --fps RATE")
    video = VideoInfo(sequence.name, width, height, sequence.fps, sequence.num_frames)
    with DocumentWriter(path, Header(_stage(sequence), video)) as writer:
        for frame in sequence.frames:
            if frame.labelled:
                writer.write(FramePeople(frame.index, frame.people, camera=frame.camera))


def _stage(sequence: VideoSequence) -> str:
    """The last stage that a sequence could come from, by what it holds."""
    held = contents(sequence)
    if held["actions"] + held["action scores"]:
        return "action"
    if held["track ids"]:
        return "track"
    return "pose" if held["joints"] else "detect"


LAYOUT = Layout(
    "document",
    "stage documents of this toolkit",
    (".json",),
    write=files(_write, ".json"),
    holds=(annolist.HOLDS - {"ignore regions"})
    | {"empty frames at the end", "unlabelled frames", "unlabelled frames at the end"}
    | {"image size", "frame rate", "camera motions"},
)
