"""The suite's tracking sequences: MOT17 halves and lobbies as boxes, clips with hie's detections
and poses, crowds made up of boxes, rendered crowds; the last two under still and moving cameras.
"""

import hashlib
import pickle
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import caviar_clips
import numpy as np
from crowd_boxes import make_crowd
from suite import code_version
from suite_changes import Clip, boxes_alone, through_window, wandering

from hie_cli.core.annotations import Annotations, TruthSequence
from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.formats.documents.document import Document
from hie_cli.formats.readers import read
from hie_cli.formats.truth import read_truth
from hie_cli.simulation.crowd import CrowdConfig, simulate, truth
from hie_cli.simulation.observe import observe
from hie_cli.simulation.render import render
from hie_cli.tracking.stage import TrackConfig, describe
from hie_cli.video.sources import VideoSource

ROOT = Path(__file__).parent.parent
MOT17 = ("MOT17-02", "MOT17-05", "MOT17-09", "MOT17-11")
LEAST_FRAMES = 25  # of a lobby's run
LOBBY = (384, 288, 25.0)  # size and frames a second of CAVIAR's clips
Load = Callable[[], Clip]


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
    if (data / "caviar" / "truth.csv").is_file():
        yield from lobby_runs(data / "caviar")
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


def lobby_runs(folder: Path) -> Iterator[tuple[str, Load]]:
    """CAVIAR's longer runs in which two people or more are seen at once: the true boxes, which do
    not hold everybody in sight, take the place of detections.
    """
    runs: dict[str, dict[int, list[caviar_clips.Row]]] = defaultdict(lambda: defaultdict(list))
    for row in caviar_clips.read_rows(folder):
        if row.role != "leaving object":
            runs[row.video][row.frame].append(row)
    for name, frames in sorted(runs.items()):
        if len(frames) >= LEAST_FRAMES and max(map(len, frames.values())) > 1:
            yield f"CAVIAR {Path(name).stem}", lambda n=name, f=frames: lobby(n, f)


def lobby(name: str, frames: dict[int, list[caviar_clips.Row]]) -> Clip:
    """One run from its first annotated frame to its last."""
    first, last = min(frames), max(frames)
    shown = []
    for t in range(first, last + 1):
        rows = frames.get(t, [])
        boxes = np.array([row.box for row in rows], float).reshape(-1, 4)
        ids = np.array([row.person for row in rows], np.int64)
        shown.append(Annotations(boxes, ids, np.zeros(len(ids), bool)))
    found = [FramePeople(t, People(f.boxes, np.ones(len(f)))) for t, f in enumerate(shown)]
    width, height, fps = LOBBY
    video = VideoInfo(name, width, height, fps, len(shown))
    return Clip(TruthSequence(name, tuple(shown)), tuple(boxes_alone(found)), video)
