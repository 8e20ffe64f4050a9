"""The suite's development sequences with pixels: real clips, rendered crowds, lobbies.

Pieces of 24 frames stand for a long video, 12 for a run of the lobby. Of every scene some pieces
also exist disturbed: at half their size, dark and noisy, blurred.
"""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from suite_changes import WINDOW, wandering

from hie_cli.core.annotations import Annotations
from hie_cli.formats.truth import read_truth
from hie_cli.simulation.crowd import CrowdConfig, simulate, truth
from hie_cli.simulation.render import render
from hie_cli.video.frame_range import FrameRange
from hie_cli.video.sources import VideoSource

DISTURBED = ("half", "dark", "blur")
WALKERS = ("walking-alone", "walking-together", "standing-alone")
VIDEOS = {
    "PETS": ("pets09-s2l1/vtest.avi", "pets09-s2l1/gt.txt"),
    "TUD": ("tud-campus/TUD-Campus.mp4", "tud-campus/gt.txt"),
    "MOT16-04": (
        "crowd-clips/mot16-04-8frames.mp4", "crowd-clips/gt_frames_1_4_7.txt",
    ),
}  # fmt: skip
# Frames of each clip that are looked at, those of the fast run first.
PIECES = {
    "PETS": [(300, 324), *((t, t + 24) for t in range(0, 771, 100) if t != 300)],
    "TUD": [(0, 24), (0, 71)],
    "MOT16-04": [(0, 8)],
}
FAST_PIECES = {"PETS": 1, "TUD": 1, "MOT16-04": 1}
# What is also shown disturbed: a piece of every scene, a fourth of the lobby's runs.
SPOILT = (
    "PETS 300", "TUD 0-24", "MOT16-04", "rendered-1",
    "CAVIAR Browse2", "CAVIAR LeftBag_0920", "CAVIAR Meet_WalkSplit", "CAVIAR Walk1",
)  # fmt: skip
PERSON = 500.0  # px² from which CAVIAR's annotated people count


@dataclass(frozen=True)
class Clip:
    """Consecutive frames ``images`` of ``fps``, and the truth of some of them by place in the list.

    ``keypoints``: those of the truth's people (N, 14, 2), likewise, where they are known.
    """

    fps: float
    images: tuple[Any, ...]
    truth: dict[int, Annotations]
    keypoints: dict[int, Any]


@dataclass(frozen=True)
class Footage:
    """A clip that is made when it is needed: its name, the scene it shows (``group``), and a key
    that changes with what is in it. ``whole``: everybody in sight is in the truth.
    """

    name: str
    group: str
    key: str
    make: Callable[[], Clip]
    whole: bool = True


def footage(data: Path, fast: bool) -> Iterator[Footage]:
    """Everything whose data are there, first as it is, then disturbed; ``fast``: less of both."""
    pieces = [*videos(data, fast), *crowds(fast)]
    if (data / "caviar" / "truth.csv").is_file():
        pieces += lobby(data / "caviar", fast)
    yield from pieces
    for piece in pieces:
        if not piece.name.startswith(SPOILT):
            continue
        kinds = DISTURBED[:1] if fast else DISTURBED
        for kind in kinds:
            if kind == "half" and piece.group == "CAVIAR":
                continue  # people of the lobby are as small as they can be
            yield Footage(
                f"{piece.name} {kind}", piece.group, f"{piece.key} {kind}",
                _once(lambda p=piece, k=kind: disturbed(p.make(), k)), piece.whole,
            )  # fmt: skip


def crowds(fast: bool) -> list[Footage]:
    """Rendered crowds by still and moving cameras."""
    frames = 8 if fast else 24
    return [
        Footage(
            f"rendered-{seed} {'moving' if moving else 'still'}",
            f"rendered-{seed}",
            f"{seed} {moving} {frames}",
            _once(lambda s=seed, m=moving: rendered(s, m, frames)),
        )
        for seed in ((1,) if fast else (1, 2))
        for moving in (False, True)
    ]


def videos(data: Path, fast: bool) -> list[Footage]:
    """Pieces of the real clips whose data are there."""
    return [
        Footage(
            f"{name} {start}-{stop}",
            name,
            f"{video} {start} {stop}",
            _once(lambda v=data / video, t=data / labels, s=(start, stop): real(v, t, s)),
        )
        for name, (video, labels) in VIDEOS.items()
        if (data / video).is_file()
        for start, stop in PIECES[name][: FAST_PIECES[name] if fast else None]
    ]


_KEPT: list[tuple[Callable[[], Clip], Clip]] = []


def _once(make: Callable[[], Clip]) -> Callable[[], Clip]:
    """``make``, whose clip is kept while it is one of the two used last."""

    def kept() -> Clip:
        for of, clip in _KEPT:
            if of is make:
                return clip
        clip = make()
        _KEPT.append((make, clip))
        del _KEPT[:-2]
        return clip

    return kept


def real(video: Path, labels: Path, span: tuple[int, int]) -> Clip:
    """Frames ``span`` of a video with box ground truth."""
    (whole,) = read_truth(labels).values()
    source = VideoSource(video, FrameRange(*span, 1))
    images = tuple(frame.image for frame in source)
    known = {
        t: whole.frames[span[0] + t]
        for t in range(len(images))
        if span[0] + t < len(whole.frames) and len(whole.frames[span[0] + t])
    }
    return Clip(source.info.fps, images, known, {})


def disturbed(clip: Clip, kind: str) -> Clip:
    """At half the size; at 0.4 of the light with noise of 4 grey levels; blurred by 2 pixels."""
    rng = np.random.default_rng(0)
    images = [disturbed_image(image, kind, rng)[0] for image in clip.images]
    scale = 0.5 if kind == "half" else 1.0
    known = {t: replace(a, boxes=a.boxes * scale) for t, a in clip.truth.items()}
    points = {t: p * scale for t, p in clip.keypoints.items()}
    return Clip(clip.fps, tuple(images), known, points)


def disturbed_image(image: Any, kind: str, rng: np.random.Generator) -> tuple[Any, float]:
    """The picture, and its new size over the old one."""
    if kind == "half":
        return cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), 0.5
    if kind == "blur":
        return cv2.GaussianBlur(image, (0, 0), 2.0), 1.0
    noise = rng.normal(0, 4, image.shape)
    return np.clip(0.4 * image + noise, 0, 255).astype(np.uint8), 1.0


def rendered(seed: int, moving: bool, frames: int) -> Clip:
    """A rendered crowd of thirty, by a still camera or through a window that is carried about."""
    crowd = simulate(CrowdConfig(seed=seed, people=30, split="test", actions=WALKERS))
    exact = truth(crowd).frames
    size = np.array([crowd.info.width, crowd.info.height])
    corners = np.zeros((len(exact), 2))
    if moving:
        corners, size = wandering(crowd.info, len(exact), seed), (WINDOW * size).astype(int)
    images, known, points = [], {}, {}
    shown = zip(render(crowd), exact, corners, strict=False)
    for t, (frame, people, (x, y)) in enumerate(shown):
        if t == frames:
            break
        images.append(frame.image[int(y) : int(y) + size[1], int(x) : int(x) + size[0]].copy())
        boxes = people.boxes - np.tile((x, y), 2)
        inside = np.clip(boxes, 0, np.tile(size, 2))
        area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
        keep = np.prod(inside[:, 2:] - inside[:, :2], axis=1) > 0.25 * area
        known[t] = Annotations(inside[keep], people.track_ids[keep], people.ignore[keep])
        if people.keypoints is not None:
            points[t] = people.keypoints[keep] - (x, y)
    return Clip(crowd.info.fps, tuple(images), known, points)


def lobby(folder: Path, fast: bool) -> list[Footage]:
    """CAVIAR's runs; not everybody in sight is in their truth."""
    rows: dict[str, dict[int, list[Any]]] = defaultdict(lambda: defaultdict(list))
    with open(folder / "truth.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            rows[row["video"]][int(row["frame"])].append(row)
    names, pieces = sorted(rows), []
    for name in names[::4] if fast else names:
        first = min(rows[name])
        last = min(max(rows[name]), first + 11)
        pieces.append(
            Footage(
                f"CAVIAR {Path(name).stem}",
                "CAVIAR",
                f"{name} {first} {last}",
                _once(lambda n=name, a=first, b=last: lobby_run(folder / n, rows[n], a, b)),
                whole=False,
            )
        )
    return pieces


def lobby_run(video: Path, rows: dict[int, list[Any]], first: int, last: int) -> Clip:
    """Frames ``first`` to ``last``; bags and people below ``PERSON`` are to be ignored."""
    source = VideoSource(video, FrameRange(first, last + 1, 1))
    images = tuple(frame.image for frame in source)
    known = {}
    for t in range(len(images)):
        here = rows.get(first + t, [])
        boxes = np.array([[float(r[k]) for k in ("x1", "y1", "x2", "y2")] for r in here])
        boxes = boxes.reshape(-1, 4)
        small = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) < PERSON
        bag = np.array(["leaving object" in r["role"] for r in here], bool)
        ids = np.array([int(r["person_id"]) for r in here], np.int64)
        known[t] = Annotations(boxes, ids, small | bag)
    return Clip(source.info.fps, images, {t: a for t, a in known.items() if len(a)}, {})
