"""The suite's tracking part: identities on every development sequence.

Sequences: four MOT17 halves as boxes, PETS09-S2L1 and TUD-Campus with hie's own detections and
poses, crowds made up of boxes, rendered crowds; the last two under still and moving cameras. Each
also disturbed: half the frame rate, other score scales, jitter and misses; and with the true boxes
as detections. Figures are hie's own, which equal TrackEval's.
"""

import hashlib
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from crowd_boxes import make_crowd
from peers import PEERS, run_peer
from suite import Case, code_version

from hie_cli.core import config
from hie_cli.core.types import (
    Annotations,
    FramePeople,
    People,
    TruthSequence,
    VideoInfo,
)
from hie_cli.evaluation.metrics import box_tracking
from hie_cli.formats.documents.document import Document
from hie_cli.formats.readers import read
from hie_cli.formats.truth import read_truth
from hie_cli.simulation.crowd import CrowdConfig, simulate, truth
from hie_cli.simulation.observe import observe
from hie_cli.simulation.render import render
from hie_cli.tracking.stage import Observation, TrackConfig, describe, track
from hie_cli.video.sources import VideoSource

FIGURES = ("HOTA", "IDF1", "MOTA")
OURS = "hie"
ROOT = Path(__file__).parent.parent
MOT17 = ("MOT17-02", "MOT17-05", "MOT17-09", "MOT17-11")
WINDOW = 0.75  # a moving camera shows this share of the still one's picture, each way


@dataclass(frozen=True)
class Clip:
    """A sequence: truth, what a tracker sees of it, and what it is of."""

    truth: TruthSequence
    seen: tuple[Observation, ...]
    video: VideoInfo


Load = Callable[[], Clip]


def methods(peers: bool) -> list[str]:
    """Ours offline and online, and the others."""
    return [OURS, f"{OURS} online", *(PEERS if peers else ())]


def version(method: str) -> str:
    """What a method's figures depend on beside the input."""
    if method in PEERS:
        import importlib.metadata

        return importlib.metadata.version("trackers")
    return code_version(ROOT / "hie_cli" / "tracking")


def cases(data: Path, cache: Path, fast: bool) -> list[Case]:
    """All cases whose data are there; ``fast`` leaves out most disturbed versions."""
    made: list[Case] = []
    for name, load in sequences(data, cache):
        loaded = _once(load)
        versions: dict[str, Callable[[Clip], Clip]] = {"": lambda s: s}
        if name not in ("PETS fast", "PETS boxes"):
            versions |= {" /2": slower, " scores": rescaled, " shaken": shaken, " true": true_boxes}
        if fast:
            versions = {k: v for k, v in versions.items() if k in ("", " true")}
        for suffix, change in versions.items():
            made.append(_case(name + suffix, name.split(" ")[0], loaded, change))
    return made


def _once(load: Load) -> Load:
    kept: list[Clip] = []

    def loaded() -> Clip:
        if not kept:
            kept.append(load())
        return kept[0]

    return loaded


def _case(name: str, group: str, load: Load, change: Callable[[Clip], Clip]) -> Case:
    ready = _once(lambda: change(load()))

    def key() -> str:
        digest = hashlib.sha256()
        for item in ready().seen:
            digest.update(item.people.boxes.tobytes() + item.people.scores.tobytes())
            for extra in (item.appearance, item.camera, item.people.keypoints):
                digest.update(b"" if extra is None else np.round(extra, 3).tobytes())
        return digest.hexdigest()[:16]

    def measure(method: str) -> dict[str, float]:
        return figures(ready(), method)

    return Case(name, group, key, measure)


def figures(sequence: Clip, method: str) -> dict[str, float]:
    """HOTA, IDF1, MOTA and counts of a method on a sequence."""
    if method in PEERS:
        people = [FramePeople(s.index, s.people) for s in sequence.seen]
        tracks = run_peer(method, people, sequence.video)
        found = [
            FramePeople(t, People(boxes, np.ones(len(ids)), ids))
            for t, (ids, boxes) in sorted(tracks.items())
        ]
    else:
        settings = settings_of(method)
        found = list(track(_shown(sequence.seen, settings), sequence.video, settings))
    sums = box_tracking.accumulate(sequence.truth, found)
    return {
        "HOTA": float(sums.hota.hota.mean()),
        "IDF1": float(sums.identity.idf1),
        "MOTA": float(sums.clear.mota),
        "FP": float(sums.clear.fp),
        "FN": float(sums.clear.fn),
        "IDSW": float(sums.clear.idsw),
    }


def _shown(seen: Sequence[Observation], settings: TrackConfig) -> list[Observation]:
    """What the settings ``appearance`` and ``camera`` leave of observations."""
    dropped: dict[str, Any] = {}
    if not settings.appearance:
        dropped["appearance"] = None
    if not settings.camera:
        dropped["camera"] = None
    return [replace(item, **dropped) for item in seen]


def settings_of(method: str) -> TrackConfig:
    """The settings of ``hie``, ``hie online`` or ``hie:key=value,...`` (``online`` is a key)."""
    _, _, text = method.partition(":")
    sets = [part for part in text.split(",") if part]
    settings = config.load(TrackConfig(), sets=sets)
    return replace(settings, online=True) if " online" in method else settings


# The sequences


def boxes_alone(people: Iterable[FramePeople]) -> Iterator[Observation]:
    """What a tracker sees without pixels."""
    return (Observation(item.index, item.people) for item in people)


def sequences(data: Path, cache: Path) -> Iterator[tuple[str, Load]]:
    for name in MOT17:
        if (data / "mot17-boxes" / name).is_dir():
            yield name, lambda p=data / "mot17-boxes" / name: mot_boxes(p)
    for name, clip, presets in (
        ("PETS", data / "pets09-s2l1" / "vtest.avi", ("balanced", "fast")),
        ("TUD", data / "tud-campus" / "TUD-Campus.mp4", ("balanced",)),
    ):
        for preset in presets if clip.is_file() else ():
            true = next(iter(read_truth(clip.parent / "gt.txt").values()))
            label = name if preset == "balanced" else f"{name} {preset}"
            yield label, lambda c=clip, t=true, p=preset: own_boxes(c, t, p, cache)
    for seed in (1, 2):
        for moving in (False, True):
            kind = "moving" if moving else "still"
            yield (
                f"rendered-{seed} {kind}",
                lambda s=seed, m=moving: _kept(
                    cache, f"rendered-{s}-{m}", lambda: rendered(30, s, m)
                ),
            )
            yield f"boxes-{seed} {kind}", lambda s=seed, m=moving: crowd_boxes(60, s, m)


def mot_boxes(folder: Path) -> Clip:
    """A MOTChallenge folder with ``det/det.txt`` and ``gt/gt.txt``, without pixels."""
    true = next(iter(read_truth(folder / "gt" / "gt.txt").values()))
    found = {f.index: f.people for f in read(folder / "det" / "det.txt", kind="results").frames}
    people = [FramePeople(t, found.get(t, People.empty())) for t in range(len(true.frames))]
    assert true.width is not None
    assert true.height is not None
    assert true.fps is not None
    video = VideoInfo(folder.name, true.width, true.height, true.fps, len(people))
    return Clip(true, tuple(boxes_alone(people)), video)


def own_boxes(clip: Path, true: TruthSequence, preset: str, cache: Path) -> Clip:
    """What ``hie run --until pose`` finds in a clip, and what its pixels tell the tracker."""
    place = cache / f"chain-{clip.stem}-{preset}"
    path = place / "pose" / f"{clip.stem}.json"
    if not path.is_file():
        command = [sys.executable, "-m", "hie_cli", "run", str(clip), "-o", str(place)]
        subprocess.run([*command, "--until", "pose", "--preset", preset, "--resume"], check=True)

    def seen() -> Clip:
        document = Document(path)
        assert document.header is not None
        people = [item.people for item in document]
        stream = (
            FramePeople(frame.index, there, frame.image)
            for frame, there in zip(VideoSource(clip), people, strict=True)
        )
        found = describe(stream, TrackConfig())
        return Clip(true, tuple(found), document.header.video)

    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    return _kept(cache, f"{clip.stem}-{preset}-{digest}", seen)


def _kept(cache: Path, name: str, make: Load) -> Clip:
    """A sequence from the cache, made if it is not there."""
    code = code_version(ROOT / "hie_cli" / "simulation")
    for module in ("tracking/appearance.py", "tracking/pixel_motion.py", "camera/background.py"):
        code += hashlib.sha256((ROOT / "hie_cli" / module).read_bytes()).hexdigest()[:4]
    path = cache / f"{name}-{code}.pickle"
    if path.is_file():
        kept: Clip = pickle.loads(path.read_bytes())
        return kept
    made = make()
    path.write_bytes(pickle.dumps(made))
    return made


def crowd_boxes(people: int, seed: int, moving: bool) -> Clip:
    """A made-up crowd of boxes, no pixels, no appearance."""
    crowd = make_crowd(people, 200, seed=seed)
    frames = [
        Annotations(b.astype(np.float32), i, np.zeros(len(i), bool))
        for i, b in zip(crowd.ids, crowd.boxes, strict=True)
    ]
    true = TruthSequence(crowd.video.name, tuple(frames))
    whole = Clip(true, tuple(boxes_alone(crowd.detections)), crowd.video)
    return through_window(whole, seed) if moving else whole


def rendered(people: int, seed: int, moving: bool) -> Clip:
    """A rendered crowd of walkers: what a detector and a pose network would make of it, pixels."""
    names = ("walking-alone", "walking-together", "standing-alone")
    crowd = simulate(CrowdConfig(seed=seed, people=people, split="test", actions=names))
    found = [FramePeople(i.index, i.people.replace(track_ids=None)) for i in observe(crowd)]
    whole = Clip(truth(crowd), tuple(boxes_alone(found)), crowd.info)
    corners = np.zeros((len(found), 2))
    if moving:
        whole, corners = through_window(whole, seed), wandering(crowd.info, len(found), seed)
    width, height = whole.video.width, whole.video.height
    stream = (
        FramePeople(f.index, s.people, f.image[int(y) : int(y) + height, int(x) : int(x) + width])
        for f, s, (x, y) in zip(render(crowd), whole.seen, corners, strict=True)
    )
    return replace(whole, seen=tuple(describe(stream, TrackConfig())))


# Changes of a sequence


def wandering(video: VideoInfo, frames: int, seed: int) -> Any:
    """Corners (T, 2) px of a window carried by hand: it pans, and shakes with every step."""
    rng = np.random.default_rng(seed)
    room = (1 - WINDOW) * np.array([video.width, video.height])
    time = np.arange(frames)[:, None] / video.fps
    pan = 0.5 + 0.35 * np.sin(2 * np.pi * (time / [9.0, 7.0] + rng.random(2)))
    step = 0.04 * np.sin(2 * np.pi * (1.9 * time * [0.5, 1] + rng.random(2)))
    jerk = np.cumsum(rng.normal(0, 0.012, (frames, 2)), axis=0)
    jerk -= np.cumsum(0.1 * jerk, axis=0) / np.arange(1, frames + 1)[:, None]
    return np.floor(np.clip(pan + step + 0.3 * jerk, 0, 1) * room)


def through_window(whole: Clip, seed: int) -> Clip:
    """What a smaller picture shows that moves over the whole one."""
    width, height = int(WINDOW * whole.video.width), int(WINDOW * whole.video.height)
    corners = wandering(whole.video, len(whole.seen), seed)
    limit = np.array([width, height, width, height], np.float32)

    def shown(boxes: Any, corner: Any) -> tuple[Any, Any]:
        moved = np.asarray(boxes - np.tile(corner, 2), np.float32)
        inside = np.clip(moved, 0, limit)
        full = np.prod(moved[:, 2:] - moved[:, :2], axis=1)
        return inside, np.prod(inside[:, 2:] - inside[:, :2], axis=1) > 0.25 * full

    frames, seen = [], []
    for frame, item, corner in zip(whole.truth.frames, whole.seen, corners, strict=True):
        boxes, keep = shown(frame.boxes, corner)
        frames.append(Annotations(boxes[keep], frame.track_ids[keep], frame.ignore[keep]))
        boxes, keep = shown(item.people.boxes, corner)
        people = item.people.replace(boxes=boxes)
        if people.keypoints is not None:
            people = people.replace(keypoints=people.keypoints - corner.astype(np.float32))
        seen.append(replace(item, people=people[keep]))
    video = replace(whole.video, width=width, height=height)
    return Clip(TruthSequence(whole.truth.name, tuple(frames)), tuple(seen), video)


def _compose(steps: Sequence[Observation]) -> Any:
    """The camera's motion over several observations; None where it stood still."""
    total = None
    for item in steps:
        if item.camera is not None:
            total = item.camera if total is None else np.asarray(item.camera) @ total
    return total


def slower(whole: Clip) -> Clip:
    """Every second frame, at half the frame rate."""
    kept = range(0, len(whole.seen), 2)
    seen = tuple(
        replace(whole.seen[t], index=t // 2, camera=_compose(whole.seen[max(0, t - 1) : t + 1]))
        for t in kept
    )
    frames = tuple(whole.truth.frames[t] for t in kept if t < len(whole.truth.frames))
    video = replace(whole.video, fps=whole.video.fps / 2, num_frames=len(seen))
    return Clip(replace(whole.truth, frames=frames), seen, video)


def _changed(whole: Clip, change: Callable[[People], People]) -> Clip:
    return replace(whole, seen=tuple(replace(s, people=change(s.people)) for s in whole.seen))


def rescaled(whole: Clip) -> Clip:
    """As a detector that is unsure of everything: scores halved and bent."""
    return _changed(whole, lambda p: p.replace(scores=0.5 * p.scores**1.3))


def shaken(whole: Clip) -> Clip:
    """As another run of a detector: jitter of 1.5 % of height, 5 % missed, scores off by .03."""
    rng = np.random.default_rng(0)
    seen = []
    for item in whole.seen:
        people, count = item.people, len(item.people)
        tall = (people.boxes[:, 3] - people.boxes[:, 1])[:, None]
        people = people.replace(
            boxes=people.boxes + rng.normal(0, 0.015, (count, 4)) * tall,
            scores=np.clip(people.scores + rng.normal(0, 0.03, count), 0.01, 1),
        )
        keep = rng.random(count) >= 0.05
        look = None if item.appearance is None else item.appearance[keep]
        seen.append(replace(item, people=people[keep], appearance=look))
    return replace(whole, seen=tuple(seen))


def true_boxes(whole: Clip) -> Clip:
    """The truth that counts as detections of score 1, no pixels."""
    people = [
        FramePeople(t, People(f.boxes[~f.ignore], np.ones(int((~f.ignore).sum()))))
        for t, f in enumerate(whole.truth.frames)
    ]
    return replace(whole, seen=tuple(boxes_alone(people)))
