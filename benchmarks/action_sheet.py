"""A picture that compares recognisers: the same frames, one column for each action document.

    hie action out/track -o out-a
    hie action out/track -o out-b --model pose-stream-sim
    python benchmarks/action_sheet.py clip.mp4 out-a/action/clip.json out-b/action/clip.json \\
        --name kinematic --name pose-stream-sim --frames 0 40 80 -o sheet.jpg

Every person's box carries the top action and its score; who has none is drawn thin.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np

from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.types import Image, People
from hie_cli.formats.documents.document import Document
from hie_cli.rendering.palette import identity_colour
from hie_cli.video.sources import VideoSource

FONT = cv2.FONT_HERSHEY_SIMPLEX


def drawn(image: Image, people: People, width: int, least: float) -> Image:
    """The frame ``width`` pixels wide with boxes and top actions."""
    scale = width / image.shape[1]
    tall = round(image.shape[0] * scale)
    picture = cv2.resize(image, (width, tall), interpolation=cv2.INTER_CUBIC)
    taken: list[tuple[int, int, int]] = []  # left, right and line of the labels so far
    for k in range(len(people)):
        if people.scores[k] < least:
            continue
        identity = None if people.track_ids is None else int(people.track_ids[k])
        colour = identity_colour(identity)
        x1, y1, x2, y2 = (round(float(v) * scale) for v in people.boxes[k])
        scores = None if people.action_scores is None else people.action_scores[k]
        known = scores is not None and np.isfinite(scores).all()
        cv2.rectangle(picture, (x1, y1), (x2, y2), colour, 2 if known else 1)
        if known:
            top = int(scores.argmax())
            text = f"{ACTIONS[top]} {scores[top]:.2f}"
            wide, high = cv2.getTextSize(text, FONT, 0.38, 1)[0]
            x, y = min(max(x1, 0), width - wide - 2), max(y1 - 3, high + 2)
            while any(x < r and x + wide > left and abs(y - line) < 14 for left, r, line in taken):
                y += 14
            taken.append((x, x + wide, y))
            cv2.rectangle(picture, (x - 1, y - high - 2), (x + wide + 1, y + 3), (20, 20, 20), -1)
            cv2.putText(picture, text, (x, y), FONT, 0.38, (255, 255, 255), 1, cv2.LINE_AA)
    return picture


def titled(picture: Image, text: str) -> Image:
    bar = np.full((24, picture.shape[1], 3), 32, np.uint8)
    cv2.putText(bar, text, (6, 17), FONT, 0.5, (235, 235, 235), 1, cv2.LINE_AA)
    return np.vstack([bar, picture])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("video", type=Path)
    parser.add_argument("documents", type=Path, nargs="+")
    parser.add_argument("--name", action="append", default=[], help="a column's title; repeatable")
    parser.add_argument("--frames", type=int, nargs="+", required=True)
    parser.add_argument("--width", type=int, default=640, help="pixels of a column")
    parser.add_argument(
        "--least", type=float, default=0.0, help="people of lower score are left out"
    )
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args()
    people = [{i.index: i.people for i in Document(path)} for path in args.documents]
    names = args.name or [path.parent.parent.name for path in args.documents]
    rows = []
    for frame in VideoSource(args.video):
        if frame.index in args.frames:
            tiles = []
            for name, found in zip(names, people, strict=True):
                here = found.get(frame.index, People.empty())
                picture = drawn(frame.image, here, args.width, args.least)
                tiles.append(titled(picture, f"{name}, frame {frame.index}"))
            rows.append(np.hstack(tiles))
    cv2.imwrite(str(args.output), np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 80])


if __name__ == "__main__":
    main()
