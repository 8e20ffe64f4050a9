"""Every known layout by name, in the order in which files are tried against them."""

from hie_cli.core import plugins
from hie_cli.core.errors import ConfigError, nearest
from hie_cli.formats.layout import Layout
from hie_cli.formats.layouts import (
    annolist,
    ava,
    coco,
    coco17,
    coco_results,
    crowdhuman,
    crowdpose,
    csv_table,
    document,
    hieve_json,
    hieve_xml,
    keypoints_long,
    keypoints_wide,
    mot,
    openpose,
    parquet,
    people_dataset,
    posetrack17,
    posetrack18,
    track1,
    yolo,
    yolo_pose,
)

_LAYOUTS: dict[str, Layout] = {}


def register(layout: Layout) -> None:
    """Add a layout, for example a plug-in's. Raises ConfigError where its name is taken."""
    if layout.name in _LAYOUTS:
        raise ConfigError(f"layout {layout.name!r} is registered already; give it another name")
    _LAYOUTS[layout.name] = layout


def known() -> tuple[Layout, ...]:
    """All layouts, plug-ins' too, in the order of their registration."""
    plugins.load()
    return tuple(_LAYOUTS.values())


def find(name: str, among: tuple[Layout, ...] | None = None) -> Layout:
    """The layout of that name. Raises ConfigError if it is none of ``among`` (None: of all)."""
    names = [layout.name for layout in (known() if among is None else among)]
    if name not in names:
        raise ConfigError(f"layout {name!r} is none of {', '.join(names)}{nearest(name, names)}")
    return _LAYOUTS[name]


for _module in (
    document,
    annolist,
    hieve_xml,
    hieve_json,
    track1,
    mot,
    posetrack17,
    posetrack18,
    coco,
    coco17,
    crowdpose,
    coco_results,
    ava,
    csv_table,
    parquet,
    people_dataset,
    keypoints_long,
    keypoints_wide,
    openpose,
    yolo,
    yolo_pose,
    crowdhuman,
):
    register(_module.LAYOUT)
