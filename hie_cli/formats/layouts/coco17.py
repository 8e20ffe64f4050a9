"""COCO's tables written with COCO's 17 joints; they are read as ``coco``."""

from hie_cli.core.skeletons import COCO17
from hie_cli.formats.layout import Layout
from hie_cli.formats.layouts import coco_tables

LAYOUT = Layout(
    "coco17",
    "COCO tables with COCO's 17 joints",
    (".json",),
    write=coco_tables.writer(COCO17.joints),
    holds=coco_tables.HOLDS - {"chests"},
    drops=coco_tables.drops,
)
