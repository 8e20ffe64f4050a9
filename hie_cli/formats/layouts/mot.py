"""MOTChallenge text (2015 to 2020): frames from 1, ``seqinfo.ini`` beside ``gt`` or ``det``."""

from collections.abc import Sequence
from pathlib import Path

from hie_cli.core.annotations import TruthSequence
from hie_cli.formats.layout import Fit, Layout, ReadOptions
from hie_cli.formats.layouts import text_tracks, track_rows
from hie_cli.formats.layouts.seqinfo import sequence_info
from hie_cli.formats.output import fresh, texts, write_text
from hie_cli.formats.reading import per_file
from hie_cli.formats.sequence import ResultSequence, VideoSequence
from hie_cli.formats.sources import Source


def _sniff(source: Source) -> Fit:
    return text_tracks.sniff_base(source, 1)


def _truth(source: Source, name: str, options: ReadOptions) -> TruthSequence:
    folders = (name, *source.folders[-3:])
    mot20 = any(folder.upper().startswith("MOT20-") for folder in folders)
    distractors = text_tracks.MOT20_DISTRACTORS if mot20 else text_tracks.DISTRACTORS
    return text_tracks.truth_sequence(source, name, 1, distractors)


def _results(source: Source, name: str, options: ReadOptions) -> ResultSequence:
    frames = text_tracks.parse_results(source.read_text(), source.label, 1)
    info = sequence_info(source)
    return ResultSequence(
        name,
        frames,
        width=info.width,
        height=info.height,
        fps=info.fps,
        num_frames=info.num_frames,
    )


def _is_truth(files: list[Source]) -> bool | None:
    """Truth where every file has MOT16's column of classes; else the scores decide."""
    return True if all(text_tracks.has_classes(source) for source in files) else None


def _text(sequence: VideoSequence) -> str:
    return "".join(track_rows.frame_rows(frame, 1) for frame in sequence.frames)


_write_texts = texts(_text, ".txt")


def _write(sequences: Sequence[VideoSequence], out: Path, overwrite: bool) -> list[Path]:
    """Results as ``NAME.txt``; truth in a folder as ``NAME/gt/gt.txt`` beside a seqinfo.ini."""
    if out.suffix.lower() == ".txt":
        return _write_texts(sequences, out, overwrite)
    files = []
    for sequence in sequences:
        if not sequence.is_truth:
            files += _write_texts([sequence], out, overwrite)
            continue
        folder = out / sequence.name
        truth = fresh(folder / "gt" / "gt.txt", overwrite)
        files.append(write_text(folder / "seqinfo.ini", _seqinfo(sequence), overwrite))
        files.append(write_text(truth, _text(sequence), overwrite))
    return files


def _seqinfo(sequence: VideoSequence) -> str:
    lines = ["[Sequence]", f"name={sequence.name}", f"seqLength={sequence.num_frames}"]
    if sequence.fps is not None:
        lines.append(f"frameRate={sequence.fps:g}")
    if sequence.width is not None:
        lines += [f"imWidth={sequence.width}", f"imHeight={sequence.height}"]
    return "\n".join(lines) + "\n"


LAYOUT = Layout(
    "mot",
    "MOTChallenge 2015/16/17/20 text, frames from 1",
    (".txt",),
    _sniff,
    per_file(_truth),
    per_file(_results),
    _is_truth,
    _write,
    frozenset(
        {"boxes", "track ids", "scores", "ignored people", "distractors"}
        | {"frames without people", "empty frames at the end", "people without an action"}
        | {"image size", "frame rate"}
    ),
)
