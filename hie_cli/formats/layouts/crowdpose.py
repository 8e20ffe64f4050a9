"""COCO's tables written with CrowdPose's 14 joints; they are read as ``coco``."""

from hie_cli.core.skeletons import CROWDPOSE14
from hie_cli.formats.layout import Layout
from hie_cli.formats.layouts import coco_writing

LAYOUT = Layout(
    "crowdpose",
    "COCO tables with CrowdPose's 14 joints",
    (".json",),
    write=coco_writing.writer(CROWDPOSE14.joints),
    holds=coco_writing.HOLDS - {"noses"},
    drops=coco_writing.drops,
)
