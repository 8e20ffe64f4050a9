"""CrowdHuman's annotations: ``annotation_train.odgt``, one JSON object a line, a line an image.

S. Shao et al., CrowdHuman (arXiv 1805.00123). The box is the full body's (``fbox``), which may
leave the image; what is tagged ``mask`` or says ``ignore`` does not count. One file is one sequence
of stills, in the order of its lines.
"""

from typing import Any

import numpy as np

from hie_cli.core.annotations import Annotations, TruthSequence
from hie_cli.core.errors import InputError
from hie_cli.formats.files import parse_json
from hie_cli.formats.layout import FITS, Fit, Layout, ReadOptions
from hie_cli.formats.layouts.coco_tables import read_box
from hie_cli.formats.limits import MAX_FRAMES
from hie_cli.formats.reading import per_file
from hie_cli.formats.sources import Source

_HEAD_BYTES = 1 << 20
_LONGEST_ID = 200


def _sniff(source: Source) -> Fit:
    first = source.head(_HEAD_BYTES).lstrip()[:2000]
    found = [key for key in ('"ID"', '"gtboxes"') if key in first]
    return FITS if len(found) == 2 else Fit(len(found) / 2, "a line needs ID and gtboxes")


def _truth(source: Source, name: str, options: ReadOptions) -> TruthSequence:
    frames: list[Annotations] = []
    others = 0
    for number, line in enumerate(source.read_text().splitlines(), start=1):
        if not line.strip():
            continue
        if len(frames) >= MAX_FRAMES:
            raise InputError(f"{source.label}: more than {MAX_FRAMES} images; split the file")
        where = f"{source.label}: line {number}"
        frame, more = _frame(parse_json(line, source.label, number), where)
        frames.append(frame)
        others += more
    dropped = (("boxes of heads and visible parts", others),) if others else ()
    return TruthSequence(name, tuple(frames), dropped=dropped)


def _frame(record: Any, where: str) -> tuple[Annotations, int]:
    """One image, and how many further boxes its line states."""
    key = record.get("ID") if isinstance(record, dict) else None
    people = record.get("gtboxes") if isinstance(record, dict) else None
    if not isinstance(key, str) or not 0 < len(key) <= _LONGEST_ID:
        raise InputError(f"{where}: ID is {str(key)[:40]!r}; expected an image's name")
    if not isinstance(people, list) or not all(isinstance(each, dict) for each in people):
        raise InputError(f"{where}: no list gtboxes; expected CrowdHuman's annotations")
    boxes, ignore = np.zeros((len(people), 4)), np.zeros(len(people), bool)
    for i, person in enumerate(people):
        boxes[i] = read_box(person, f"{where}: box {i}", "fbox")
        extra = person.get("extra", {})
        said = extra.get("ignore", 0) if isinstance(extra, dict) else 0
        ignore[i] = person.get("tag") != "person" or said == 1
    others = sum(k in person for person in people for k in ("hbox", "vbox"))
    image = key if "." in key else f"{key}.jpg"
    return Annotations(boxes, np.full(len(people), -1, np.int64), ignore, image=image), others


LAYOUT = Layout(
    "crowdhuman",
    "CrowdHuman's odgt, a line of JSON an image",
    (".odgt",),
    _sniff,
    read_truth=per_file(_truth),
    is_truth=lambda files: True,
)
