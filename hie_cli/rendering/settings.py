"""Settings of overlays and contact sheets (section ``render`` of a configuration)."""

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Annotated, Any, Literal

from hie_cli.core.config import between

Layer = Literal["boxes", "poses", "ids", "actions", "trails", "heat", "zones"]
LAYERS: tuple[Layer, ...] = ("boxes", "poses", "ids", "actions", "trails", "heat", "zones")
Blur = Literal["none", "faces", "heads", "people"]


@dataclass(frozen=True)
class RenderConfig:
    """What an overlay shows, and how large and how fast.

    crop: x, y, width and height in pixels of the video · only: identities · zones: a file of lines
    and areas, drawn with the layer of that name.
    """

    show: tuple[Layer, ...] = ("boxes", "poses", "ids", "actions", "trails")
    legend: bool = True
    # So many people in a frame: boxes and ids alone, whatever ``show`` says; 0: never.
    crowd: Annotated[int, between(0, 10_000)] = 15
    only: tuple[int, ...] = ()
    trail_seconds: Annotated[float, between(0, 600)] = 2.0
    min_score: float = 0.3  # of people without an identity; a track is drawn whole
    min_joint_score: float = 0.2
    min_action_score: float = 0.4  # below, nothing is said of what somebody does
    scale: Annotated[float, between(0.05, 8)] = 1.0
    slow: Annotated[float, between(0.01, 100)] = 1.0
    crop: tuple[int, ...] = ()
    blur: Blur = "none"
    cutouts: bool = False
    zones: Path | None = None
    sheet_columns: Annotated[int, between(1, 20)] = 2
    sheet_rows: Annotated[int, between(1, 50)] = 3
    sheet_width: Annotated[int, between(32, 4096)] = 540  # pixels of one of its pictures

    def __post_init__(self) -> None:
        if self.crop and len(self.crop) != 4:
            raise ValueError("render.crop: expected 4 numbers: x, y, width and height")
        if self.crop and (min(self.crop[:2]) < 0 or min(self.crop[2:]) < 2):
            raise ValueError(
                f"render.crop {','.join(map(str, self.crop))}: expected x and y of 0 or more, "
                "width and height of 2 or more"
            )


def render_options(
    show: Sequence[str] | None = None,
    only: Sequence[int] | None = None,
    scale: float | None = None,
    slow: float | None = None,
    crop: Sequence[int] | None = None,
    blur: str | None = None,
    cutouts: bool | None = None,
    zones: PathLike[str] | str | None = None,
) -> dict[str, Any]:
    """What a caller asks of one overlay, as settings; what is None is left out.

    Layers that are asked for by name are shown whatever the number of people, and zones are shown.
    """
    given = {"scale": scale, "slow": slow, "blur": blur, "cutouts": cutouts}
    settings: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if show is not None:
        settings |= {"show": list(show), "crowd": 0}
    if only is not None:
        settings["only"] = list(only)
    if crop is not None:
        settings["crop"] = list(crop)
    if zones is not None:
        layers = settings.get("show", list(RenderConfig().show))
        settings |= {"zones": Path(zones), "show": list(dict.fromkeys([*layers, "zones"]))}
    return settings
