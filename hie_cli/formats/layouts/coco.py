"""COCO keypoints and their kin (CrowdPose, OCHuman, AIC); written with HiEve's own 14 joints."""

from hie_cli.core.skeletons import JOINTS
from hie_cli.formats.layout import Layout
from hie_cli.formats.layouts import coco_tables, coco_writing
from hie_cli.formats.reading import per_file

LAYOUT = Layout(
    "coco",
    "COCO keypoints, CrowdPose, OCHuman, AIC JSON",
    (".json",),
    coco_tables.sniff,
    per_file(coco_tables.truth_sequence),
    per_file(coco_tables.result_sequence),
    coco_tables.is_truth,
    coco_writing.writer(JOINTS),
    coco_writing.HOLDS,
    coco_writing.drops,
)
