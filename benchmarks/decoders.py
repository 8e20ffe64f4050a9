"""Time of decoding a video with OpenCV and, where installed, PyAV; and whether pixels agree.

    python benchmarks/decoders.py VIDEO...

Prints for each video the best of three passes and the largest difference of the first frame.
"""

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np


def by_opencv(path: str) -> Iterator[Any]:
    """Frames as hie decodes them."""
    capture = cv2.VideoCapture(path, cv2.CAP_FFMPEG)
    while True:
        ok, image = capture.read()
        if not ok:
            return
        yield image


def by_pyav(path: str) -> Iterator[Any]:
    """Frames by PyAV with its automatic threads."""
    import av

    with av.open(path) as container:
        container.streams.video[0].thread_type = "AUTO"
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="bgr24")


def best_of(decode: Callable[[str], Iterator[Any]], path: str) -> tuple[int, float]:
    """Number of frames, and the seconds of the fastest of three passes."""
    seconds, count = [], 0
    for _ in range(3):
        start = time.perf_counter()
        count = sum(1 for _ in decode(path))
        seconds.append(time.perf_counter() - start)
    return count, min(seconds)


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        raise SystemExit(__doc__)
    for path in sys.argv[1:]:
        count, ours = best_of(by_opencv, path)
        line = f"{path}: {count} frames, OpenCV {ours:.2f} s"
        try:
            _, theirs = best_of(by_pyav, path)
            a, b = (next(decode(path)).astype(np.int16) for decode in (by_opencv, by_pyav))
            line += f", PyAV {theirs:.2f} s, largest difference {np.abs(a - b).max()}"
        except ImportError:
            line += ", PyAV is not installed"
        print(line)


if __name__ == "__main__":
    main()
