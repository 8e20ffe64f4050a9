"""What a segmentation says of a scene: areas of kinds of surface, in the frame and under the feet.

The classes of the usual data sets are put together to the kinds that matter to people's actions, so
that what is learned on one set of classes can be used with another.
"""

from typing import TYPE_CHECKING

import numpy as np

from hie_cli.core.errors import ModelError
from hie_cli.core.types import FloatArray, Image
from hie_cli.recognition.scene.descriptor import box_sums, integral

if TYPE_CHECKING:
    from torch import nn

KINDS = (
    "road", "path", "floor", "grass", "stairs", "seat", "table", "building", "barrier", "door",
    "plant", "water", "sky", "vehicle", "bicycle", "person", "other",
)  # fmt: skip

# Indices of classes from 0 by kind, by number of classes; what is not named is "other".
# Cityscapes: its 19 training ids. ADE20K: the 150 classes of its scene parsing benchmark.
# COCO-Stuff: 182, its label less 1. 21: Pascal VOC's, which torchvision's own weights tell.
TABLES: dict[int, dict[str, tuple[int, ...]]] = {
    19: {
        "road": (0,), "path": (1,), "grass": (9,), "building": (2, 3), "barrier": (4, 5),
        "plant": (8,), "sky": (10,), "vehicle": (13, 14, 15, 16), "bicycle": (17, 18),
        "person": (11, 12),
    },
    21: {
        "seat": (9, 18), "table": (11,), "plant": (16,), "vehicle": (1, 4, 6, 7, 19),
        "bicycle": (2, 14), "person": (15,),
    },
    150: {
        "road": (6, 54), "path": (11, 52, 91), "floor": (3, 28), "grass": (9, 13, 29, 46, 94),
        "stairs": (53, 59, 96, 121), "seat": (19, 23, 30, 31, 51, 69, 75, 97, 110),
        "table": (15, 33, 45, 64, 70), "building": (0, 1, 25, 48, 79, 84),
        "barrier": (32, 38, 93, 95), "door": (14, 58), "plant": (4, 17, 66, 72),
        "water": (21, 26, 60, 104, 109, 113, 128), "sky": (2,),
        "vehicle": (20, 76, 80, 83, 90, 102, 103), "bicycle": (116, 127), "person": (12,),
    },
    182: {
        "road": (148,), "path": (110, 124, 125, 139, 143),
        "floor": (100, *range(113, 118), 130, 151),
        "grass": (123, 135, 144, 153, 162), "stairs": (160,), "seat": (14, 61, 62),
        "table": (66, 68, 106, 109, 164), "building": (95, 127, 150, 157, *range(170, 177)),
        "barrier": (112, 145), "door": (111,), "plant": (63, 93, 96, 118, 128, 141, 168),
        "water": (147, 154, 177, 178), "sky": (105, 119, 156), "vehicle": (2, 4, 5, 6, 7, 8),
        "bicycle": (1, 3), "person": (0,),
    },
}  # fmt: skip


def kind_of(classes: int) -> FloatArray:
    """Which kind each class belongs to: (classes, 17), one 1 a row. Raises ModelError."""
    if classes not in TABLES:
        raise ModelError(
            f"a segmentation of {classes} classes is unknown here; expected Cityscapes' 19, "
            "Pascal VOC's 21, ADE20K's 150 or COCO-Stuff's 182"
        )
    table = np.zeros((classes, len(KINDS)))
    for kind, members in TABLES[classes].items():
        table[list(members), KINDS.index(kind)] = 1
    table[table.sum(1) == 0, KINDS.index("other")] = 1
    return table


def surfaces(network: "nn.Module", classes: int, picture: Image, device: str = "cpu") -> FloatArray:
    """How likely each kind is at each place: (h, w, 17), rows summing to 1, of a BGR picture.

    h and w are those of the network's output.
    """
    import torch

    from hie_cli.recognition.scene.segmentation import normalised

    with torch.inference_mode():
        images = normalised(torch.from_numpy(np.ascontiguousarray(picture))[None].to(device))
        likely = network(images)[0].softmax(0).permute(1, 2, 0).double().cpu().numpy()
    kinds: FloatArray = likely @ kind_of(classes)
    return kinds


def frame_areas(kinds: FloatArray) -> FloatArray:
    """Share of the frame that each kind takes (17,), of ``surfaces``."""
    share: FloatArray = kinds.mean((0, 1))
    return share


def band_areas(kinds: FloatArray, boxes: FloatArray, width: int, height: int) -> FloatArray:
    """Share of each kind in the band under people's feet (N, 17).

    boxes (N, 4) xyxy in pixels of the video, ``width`` x ``height``. The band is 0.6 body heights
    wide and 0.28 high, about the feet; one outside the picture has the frame's shares.
    """
    h, w, count = kinds.shape
    b = np.asarray(boxes, np.float64).reshape(-1, 4)
    tall, middle = b[:, 3] - b[:, 1], (b[:, 0] + b[:, 2]) / 2
    band = np.stack(
        [middle - 0.3 * tall, b[:, 3] - 0.08 * tall, middle + 0.3 * tall, b[:, 3] + 0.2 * tall], 1
    )
    band *= np.array([w / width, h / height] * 2)
    # At least the cell that the feet are in.
    band[:, :2], band[:, 2:] = np.floor(band[:, :2]), np.ceil(band[:, 2:])
    total = box_sums(integral(kinds), band)
    shares = total[:, :count] / np.maximum(total[:, count:], 1)
    found: FloatArray = np.where(total[:, count:] >= 1, shares, frame_areas(kinds))
    return found
