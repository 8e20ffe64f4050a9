"""Writes docs/assets/demo.webp, README.md's moving picture, from an overlay of the sample clip.

    hie run data/pets09-sample.mp4 -o out
    python tools/demo_picture.py out/render/pets09-sample.mp4

Needs Pillow (of the development requirements).
"""

import sys
from pathlib import Path

import cv2
from PIL import Image

TARGET = Path(__file__).parent.parent / "docs" / "assets" / "demo.webp"
WIDTH, EVERY, FPS, QUALITY = 640, 2, 10, 55


def main() -> None:
    """Every second frame of the overlay, smaller, in a loop."""
    capture = cv2.VideoCapture(sys.argv[1])
    pictures = []
    while capture.grab():
        ok, image = capture.retrieve()
        if ok:
            height = round(image.shape[0] * WIDTH / image.shape[1])
            small = cv2.resize(image, (WIDTH, height), interpolation=cv2.INTER_AREA)
            pictures.append(Image.fromarray(cv2.cvtColor(small, cv2.COLOR_BGR2RGB)))
    first, *others = pictures[::EVERY]
    first.save(
        TARGET,
        save_all=True,
        append_images=others,
        duration=round(1000 * EVERY / FPS),
        loop=0,
        quality=QUALITY,
        method=6,
    )


if __name__ == "__main__":
    main()
