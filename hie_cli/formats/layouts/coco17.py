"""COCO's tables written with COCO's 17 joints; they are read as ``coco``."""

from hie_cli.core.skeletons import COCO17
from hie_cli.formats.layout import Layout
from hie_cli.formats.layouts import coco_writing

LAYOUT = Layout(
    "coco17",
    "COCO tables with COCO's 17 joints",
    (".json",),
    write=coco_writing.writer(COCO17.joints),
    holds=coco_writing.HOLDS - {"chests"},
    drops=coco_writing.drops,
)
