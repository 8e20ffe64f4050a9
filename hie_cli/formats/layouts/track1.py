"""HiEve Track-1 text: one file a sequence, frames counted from 0."""

from hie_cli.core.annotations import TruthSequence
from hie_cli.formats.layout import Fit, Layout, ReadOptions
from hie_cli.formats.layouts import text_tracks, track_rows
from hie_cli.formats.output import texts
from hie_cli.formats.reading import per_file
from hie_cli.formats.sequence import ResultSequence, VideoSequence
from hie_cli.formats.sources import Source


def _sniff(source: Source) -> Fit:
    return text_tracks.sniff_base(source, 0)


def read_truth_file(source: Source, name: str, options: ReadOptions) -> TruthSequence:
    """One sequence's ground truth."""
    return text_tracks.truth_sequence(source, name, 0)


def _results(source: Source, name: str, options: ReadOptions) -> ResultSequence:
    return ResultSequence(name, text_tracks.parse_results(source.read_text(), source.label, 0))


def _text(sequence: VideoSequence) -> str:
    return "".join(track_rows.frame_rows(frame, 0) for frame in sequence.frames)


LAYOUT = Layout(
    "track1",
    "HiEve Track-1 text, frames from 0",
    (".txt",),
    _sniff,
    per_file(read_truth_file),
    per_file(_results),
    None,
    texts(_text, ".txt"),
    frozenset(
        {"boxes", "track ids", "scores", "ignored people", "frames without people"}
        | {"people without an action"}
    ),
)
