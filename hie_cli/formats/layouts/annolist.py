"""HiEve Track-2/3 annolist JSON; our stage documents are annolists with a header."""

import codecs
import json
import re
from typing import Any

from hie_cli.core.annotations import TruthSequence
from hie_cli.core.types import ExactPeople
from hie_cli.formats.documents.annolist_people import check_writable
from hie_cli.formats.documents.annolist_text import format_people
from hie_cli.formats.documents.annolist_truth import region_records, truth_sequence
from hie_cli.formats.documents.document import BARE, BARE_START, HEAD_BYTES, HEADER_START, Document
from hie_cli.formats.layout import FITS, Fit, Layout, ReadOptions
from hie_cli.formats.layouts import json_keys
from hie_cli.formats.layouts.posetrack17 import is_posetrack17
from hie_cli.formats.output import texts
from hie_cli.formats.reading import per_file
from hie_cli.formats.sequence import ResultSequence, VideoSequence
from hie_cli.formats.sources import Source

_START = re.compile(rb'\s*\{\s*"(hie|annolist)"\s*:')

# A score that is no flag of ground truth; looked for in the text, for parsing takes far longer.
_SCORED = re.compile(rb'"score"\s*:\s*\[?\s*(?!-?[01](?:\.0*)?\s*[\],}])[^\s\[]')


def _sniff(source: Source) -> Fit:
    head = source.read_bytes(HEAD_BYTES).removeprefix(codecs.BOM_UTF8)
    if head.startswith(HEADER_START.encode()) or BARE.match(head):
        return FITS
    if not _START.match(head) and not json_keys.has(source, "annolist"):
        return json_keys.missing(source, ("annolist",))
    if is_posetrack17(source):
        return Fit(0.9, "holds PoseTrack 2017's 15 joints or frame marks")
    return FITS


def _truth(source: Source, name: str, options: ReadOptions) -> TruthSequence:
    return truth_sequence(name, Document(source, ExactPeople))


def _results(source: Source, name: str, options: ReadOptions) -> ResultSequence:
    document = Document(source, ExactPeople)
    frames = tuple(document)
    return ResultSequence(name, frames, document.header)


def _is_truth(files: list[Source]) -> bool:
    """A document's header means results, and so does a score that is neither 0 nor 1."""
    return not any(
        Document(source).header or _SCORED.search(source.read_bytes()) for source in files
    )


def annolist_text(sequence: VideoSequence) -> str:
    """HiEve's annolist, one frame a line; frames that nobody labelled are left out."""
    lines: list[str] = []
    for frame in sequence.frames:
        if frame.labelled:
            check_writable(frame.people, f"{sequence.name}: frame {frame.index}")
            regions: list[Any] = region_records(frame.truth.ignore_regions) if frame.truth else []
            lines.append(
                ("," if lines else "") + f'{{"image":[{{"name":"{frame.index:06d}.jpg"}}],'
                f'"ignore_regions":{json.dumps(regions)},'
                f'"annorect":{format_people(frame.people, 4, 6)}}}'
            )
    return f"{BARE_START}\n{chr(10).join(lines)}\n]}}\n"


HOLDS = frozenset(
    {"boxes", "track ids", "scores", "actions", "action scores", "hidden joints"}
    | {"ignore regions", "frames without people", "people without an action"}
    | {"joints", "noses", "chests", "joint scores"}
)
LAYOUT = Layout(
    "annolist",
    "stage documents, HiEve Track-2/3 annolist JSON",
    (".json",),
    _sniff,
    per_file(_truth),
    per_file(_results),
    _is_truth,
    texts(annolist_text, ".json"),
    HOLDS | {"unlabelled frames", "empty frames at the end"},
)
