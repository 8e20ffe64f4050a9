"""Does temporal refinement of poses help, and each of its ingredients?

    python benchmarks/refinement.py simulated          # rendered crowds with exact joints
    python benchmarks/refinement.py real CLIP [...]    # real frames and poses, degraded
    python benchmarks/refinement.py ablation [CLIP..]  # one ingredient off at a time, on both

Simulated: exact joints of rendered crowds (test styles), observed with noise; the flow sees only
the rendered pixels. Real: the chain's confident joints on the clip as it is are the reference; the
clip is then degraded and gone through again. Every method gets the same poses. ``right``: joints
within half a head of the truth, of all true joints (a missing joint is wrong). ``error``: mean
distance in body heights of those given. ``missed``: true joints without any. ``jitter``: mean size
of the error's second difference over time, body heights; ``shake``: of the joints' own. ``AP``:
joint AP of the PoseTrack protocol at alpha 0.1 (of 0.6 x the box's diagonal, about half a head),
joints without truth left out. All are means over both halves of each clip; of a tuned baseline each
half is done with the setting that is best on the other half.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from hie_cli import boxes as geometry
from hie_cli.evaluation.pose_ap import PoseApConfig, collect_poses, mean_ap, pose_ap
from hie_cli.flow.estimators import FlowConfig, FlowMeter
from hie_cli.flow.fields import FlowPair
from hie_cli.posing.calibration import HALF_HEAD
from hie_cli.simulation.crowd import CrowdConfig, simulate
from hie_cli.simulation.observe import Noise, observe
from hie_cli.simulation.render import render
from hie_cli.stages.refine import RefineConfig, refine
from hie_cli.types import Annotations, Frame, Image, People, concatenate

Clip = list[tuple[Frame, People]]
FIGURES = ("right", "error", "missed", "jitter", "shake", "AP")
# Several settings of a method: the best on one half of the clip is reported on the other half.
METHODS = {
    "none": [RefineConfig(method="none")],
    "one-euro, tuned": [
        RefineConfig(method="one-euro", min_cutoff=cutoff, beta=beta)
        for cutoff in (0.05, 0.15, 0.5)
        for beta in (0.0, 5.0, 20.0)
    ],
    "savgol, tuned": [
        RefineConfig(method="savgol", savgol_frames=half, savgol_order=order)
        for half, order in ((1, 1), (2, 1), (2, 2), (3, 2), (5, 2), (5, 3))
    ],
    "flow": [RefineConfig()],
}
FLOW = FlowConfig()
ABLATIONS = {
    "none": [RefineConfig(method="none")],
    "flow (default)": [RefineConfig()],
    "n = 1": [RefineConfig(frames=1)],
    "n = 2": [RefineConfig(frames=2)],
    "n = 5": [RefineConfig(frames=5)],
    "no temporal decay": [RefineConfig(decay_seconds=1e6)],
    "decay 0.06 s": [RefineConfig(decay_seconds=0.06)],
    "decay 0.26 s": [RefineConfig(decay_seconds=0.26)],
    "no forward-backward check": [RefineConfig(max_error=1e6)],
    "hidden joints not carried": [RefineConfig(hidden_weight=0.0)],
    "scores not weighed": [RefineConfig(score_power=0.0)],
    "score power 2": [RefineConfig(score_power=2.0)],
    "no damping of outliers": [RefineConfig(outlier=1e6)],
    "own weight 0.75": [RefineConfig(own_weight=0.75)],
    "own weight 3": [RefineConfig(own_weight=3.0)],
    "no joints filled": [RefineConfig(fill_joints=False)],
    "no people filled": [RefineConfig(fill_people=False)],
    "Farneback flow": [RefineConfig(flow=replace(FLOW, method="farneback"))],
    "DIS ultrafast": [RefineConfig(flow=replace(FLOW, preset="ultrafast"))],
    "DIS medium": [RefineConfig(flow=replace(FLOW, preset="medium"))],
    "flow at 320 px": [RefineConfig(flow=replace(FLOW, long_side=320))],
}


@dataclass(frozen=True)
class Truth:
    """True joints of one frame: boxes (G, 4), joints (G, 14, 2; NaN = does not count), ids (G,)."""

    boxes: np.ndarray
    joints: np.ndarray
    ids: np.ndarray


def score(truths: Sequence[Truth], result: Sequence[People]) -> dict[str, float]:
    """The figures of one result; people are matched to true ones by box."""
    from scipy.optimize import linear_sum_assignment

    right = count = missed = 0
    errors: list[np.ndarray] = []
    paths: dict[tuple[int, int], dict[int, np.ndarray]] = {}
    travels: dict[tuple[int, int], dict[int, np.ndarray]] = {}
    for t, (truth, people) in enumerate(zip(truths, result, strict=True)):
        tall = np.maximum(truth.boxes[:, 3] - truth.boxes[:, 1], 1.0)
        given = np.full_like(truth.joints, np.nan)
        overlap = geometry.iou(truth.boxes, people.boxes)
        for g, p in zip(*linear_sum_assignment(-overlap), strict=True):
            if overlap[g, p] >= 0.3 and people.keypoints is not None:
                given[g] = people.keypoints[p]
        known = geometry.known(truth.joints)
        offset = (given - truth.joints) / tall[:, None, None]
        distance = np.linalg.norm(offset, axis=-1)
        there = known & np.isfinite(distance)
        count += int(known.sum())
        missed += int((known & ~there).sum())
        right += int((distance[there] <= HALF_HEAD).sum())
        errors.append(distance[there])
        for g, j in zip(*np.nonzero(there), strict=True):
            key = int(truth.ids[g]), int(j)
            paths.setdefault(key, {})[t] = offset[g, j]
            travels.setdefault(key, {})[t] = given[g, j] / tall[g]
    return {
        "right": right / max(count, 1),
        "error": float(np.concatenate(errors).mean()),
        "missed": missed / max(count, 1),
        "jitter": acceleration(paths.values()),
        "shake": acceleration(travels.values()),
    }


def ap(truths: Sequence[Truth], result: Sequence[People]) -> float:
    """Mean over joints of the average precision."""
    config = PoseApConfig(alphas=(0.1,), unseen="ignore", equal_poses="nearest")
    pairs = list(zip(map(_annotations, truths), result, strict=True))
    return float(np.mean(mean_ap(pose_ap([collect_poses(pairs, config)], config).ap)))


def acceleration(paths: Iterable[dict[int, np.ndarray]]) -> float:
    """Mean size of the second difference of paths given as frame -> place."""
    sizes = [
        np.linalg.norm(path[t - 1] - 2 * path[t] + path[t + 1])
        for path in paths
        for t in path
        if t - 1 in path and t + 1 in path
    ]
    return float(np.mean(sizes))


def _annotations(truth: Truth) -> Annotations:
    n = len(truth.boxes)
    visible = np.where(geometry.known(truth.joints), 1, -1)
    return Annotations(truth.boxes, truth.ids, np.zeros(n, bool), truth.joints, visible)


class Replay(FlowMeter):
    """Flow that was computed before, so that methods share it."""

    def __init__(self, pairs: Iterable[FlowPair | None]) -> None:
        self._pairs = iter(pairs)

    def step(self, image: Image) -> FlowPair | None:
        """The next pair; the image is not looked at."""
        return next(self._pairs)


def compare(
    name: str,
    truths: Sequence[Truth],
    clip: Clip,
    fps: float,
    methods: dict[str, list[RefineConfig]],
) -> list[dict[str, object]]:
    """Two rows per method, one for each half of a clip; settings are chosen on the other half."""
    rows: list[dict[str, object]] = []
    flows: dict[FlowConfig, list[FlowPair | None]] = {}

    def result(config: RefineConfig) -> list[People]:
        if config.method == "flow" and config.flow not in flows:
            meter = FlowMeter(config.flow)
            flows[config.flow] = [meter.step(frame.image) for frame, _ in clip]
        replay = Replay(flows.get(config.flow, []))
        return [people for _, people in refine(clip, config, fps, replay)]

    first, second = slice(0, len(clip) // 2), slice(len(clip) // 2, None)
    for method, settings in methods.items():
        results = [result(config) for config in settings]
        for here, there in ((first, second), (second, first)):
            best = results[0]
            if len(results) > 1:
                merits = [merit(score(truths[there], each[there])) for each in results]
                best = results[int(np.argmax(merits))]
            figures = score(truths[here], best[here]) | {"AP": ap(truths[here], best[here])}
            rows.append({"clip": name, "method": method, **figures})
    return rows


def merit(figures: dict[str, float]) -> float:
    """By what baselines are tuned: many right joints that do not shake."""
    return figures["right"] - figures["jitter"]


# --- simulated crowds -------------------------------------------------------------------------


def simulated_clips(
    seeds: Iterable[int], frames: int
) -> Iterable[tuple[str, list[Truth], Clip, float]]:
    """Rendered crowds, observed well, noisily, and with people and joints missing."""
    kinds = {
        "clean": Noise(0.005, 0.004, 0.004, 0, 0, 0, 0, 0, memory=0.0),
        "joint noise": Noise(0.01, 0.025, 0.06, 0.03, 0, 0, 0, 0, memory=0.3),
        "missing": Noise(0.01, 0.008, 0.03, 0, 0.1, 0.1, 0, 0, memory=0.3),
        "everything": Noise(breaks=0),
    }
    for seed in seeds:
        crowd = simulate(
            CrowdConfig(seed=seed, people=14, frames=frames, width=960, height=540, split="test")
        )
        images = [Frame(f.index, f.image.copy()) for f in render(crowd)]
        truths = []
        for t in range(frames):
            who = np.flatnonzero(crowd.present[:, t] & crowd.seen[:, t].any(-1))
            joints = np.where(crowd.seen[who, t, :, None], crowd.pixels[who, t, :14], np.nan)
            truths.append(Truth(crowd.boxes[who, t], joints, who))
        for kind, noise in kinds.items():
            people = [item.people.replace(track_ids=None) for item in observe(crowd, noise)]
            yield kind, truths, list(zip(images, people, strict=True)), crowd.config.fps


# --- real clips -------------------------------------------------------------------------------


def real_clips(
    path: Path, first: int, count: int, preset: str, cache: Path | None, kinds: Sequence[str]
) -> Iterable[tuple[str, list[Truth], Clip, float]]:
    """A real clip, degraded in several ways, each gone through the chain."""
    from hie_cli.detection.steady import frames_around, steady
    from hie_cli.stages.chain import load_chain
    from hie_cli.stages.detect import detect
    from hie_cli.stages.pipeline import Models
    from hie_cli.stages.pose import pose
    from hie_cli.stages.track import describe, track
    from hie_cli.video import FrameRange, VideoSource

    source = VideoSource(path, FrameRange(first, first + count))
    config = load_chain(preset, [], [])
    models = Models(config, "auto")

    def chain(kind: str, frames: list[Frame]) -> Clip:
        kept = cache and cache / f"{path.stem}-{first}-{count}-{preset}-{kind}.npz"
        if kept and kept.exists():
            return list(zip(frames, load_people(kept), strict=True))
        half = frames_around(config.detect.steady_seconds, source.info.fps, 1)
        seen = steady(detect(frames, config.detect, models.detectors), half)
        clip = list(pose(seen, config.pose, models.pose))
        if kept:
            save_people(kept, [people for _, people in clip])
        return clip

    frames = list(source)
    clean = chain("clean", frames)
    sightings = list(describe(clean, config.track))
    tracked = list(track(sightings, source.info, config.track))
    truths = [_reference(item.people) for item in tracked]
    rng = np.random.default_rng(0)
    blurred, occluded = _blurred(frames, truths, rng), _occluded(frames, clean, rng)
    dropped, shaken = _dropped(clean, rng), _shaken(clean, rng)
    made: dict[str, Callable[[], Clip]] = {
        "clean": lambda: clean,
        "blurred": lambda: chain("blurred", blurred),
        "occluded": lambda: chain("occluded", occluded),
        "dropped": lambda: dropped,
        "joint noise": lambda: shaken,
    }
    for kind in kinds or made:
        yield kind, truths, made[kind](), source.info.fps


def save_people(path: Path, people: Sequence[People]) -> None:
    """Posed people of consecutive frames as arrays in one file."""
    everybody = concatenate(people)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(
        path,
        counts=[len(each) for each in people],
        boxes=everybody.boxes,
        scores=everybody.scores,
        keypoints=everybody.keypoints,
        keypoint_scores=everybody.keypoint_scores,
    )


def load_people(path: Path) -> list[People]:
    """What ``save_people`` wrote."""
    with np.load(path) as held:
        ends = np.cumsum(held["counts"])
        parts = [
            np.split(held[name], ends[:-1])
            for name in ("boxes", "scores", "keypoints", "keypoint_scores")
        ]
    return [People(b, s, None, k, q) for b, s, k, q in zip(*parts, strict=True)]


def _reference(people: People) -> Truth:
    """The confident joints of people seen (not filled in) by the undegraded chain."""
    assert people.keypoints is not None
    assert people.keypoint_scores is not None
    assert people.track_ids is not None
    sure = people.keypoint_scores >= 0.7
    joints = np.where(sure[..., None], people.keypoints, np.nan).astype(np.float64)
    keep = sure.sum(1) >= 5
    return Truth(np.asarray(people.boxes, np.float64)[keep], joints[keep], people.track_ids[keep])


def _blurred(frames: list[Frame], truths: list[Truth], rng: np.random.Generator) -> list[Frame]:
    """Every third frame blurred along a random direction, a sixth of the median person long."""
    tall = np.median(np.concatenate([t.boxes[:, 3] - t.boxes[:, 1] for t in truths]))
    length = max(3, int(tall / 6))
    out = []
    for frame in frames:
        image = frame.image
        if frame.index % 3 == 1:
            angle = rng.uniform(0, np.pi)
            kernel = np.zeros((length, length), np.float32)
            middle = (length - 1) / 2
            end = np.array([np.cos(angle), np.sin(angle)]) * middle
            a, b = np.round(middle - end).astype(int), np.round(middle + end).astype(int)
            cv2.line(kernel, tuple(map(int, a)), tuple(map(int, b)), 1.0)
            image = cv2.filter2D(image, -1, kernel / kernel.sum())
        out.append(Frame(frame.index, image))
    return out


def _occluded(frames: list[Frame], clean: Clip, rng: np.random.Generator) -> list[Frame]:
    """In every third frame each person is half covered by somebody cut from another frame."""
    out = []
    for frame, people in clean:
        image = frame.image.copy()
        if frame.index % 3 == 1:
            for x1, y1, x2, y2 in people.boxes.astype(int):
                other, others = clean[int(rng.integers(len(clean)))]
                if not len(others) or x2 - x1 < 4 or y2 - y1 < 8:
                    continue
                a1, b1, a2, b2 = np.maximum(others.boxes[rng.integers(len(others))], 0).astype(int)
                patch = other.image[b1:b2, a1:a2]
                if patch.size == 0:
                    continue
                left = (x1 + x2) // 2 if rng.random() < 0.5 else x1 - (x2 - x1) // 2
                _paste(image, cv2.resize(patch, (x2 - x1, y2 - y1)), left, y1)
        out.append(Frame(frame.index, image))
    return out


def _paste(image: np.ndarray, patch: np.ndarray, x: int, y: int) -> None:
    """``patch`` onto ``image`` at (x, y), cut to an ellipse, roughly a person's outline."""
    height, width = patch.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    cv2.ellipse(mask, (width // 2, height // 2), (width // 2, height // 2), 0, 0, 360, 255, -1)
    x0, y0 = max(x, 0), max(y, 0)
    x1, y1 = min(x + width, image.shape[1]), min(y + height, image.shape[0])
    if x1 <= x0 or y1 <= y0:
        return
    part = (slice(y0 - y, y1 - y), slice(x0 - x, x1 - x))
    target = image[y0:y1, x0:x1]
    target[mask[part] > 0] = patch[part][mask[part] > 0]


def _dropped(clean: Clip, rng: np.random.Generator) -> Clip:
    """One person in six missing from a frame, one joint in ten from the others."""
    out = []
    for frame, people in clean:
        assert people.keypoints is not None
        assert people.keypoint_scores is not None
        kept = people[rng.random(len(people)) > 1 / 6]
        gone = rng.random(kept.keypoint_scores.shape) < 0.1
        out.append(
            (
                frame,
                kept.replace(
                    keypoints=np.where(gone[..., None], np.nan, kept.keypoints),
                    keypoint_scores=np.where(gone, 0.0, kept.keypoint_scores),
                ),
            )
        )
    return out


def _shaken(clean: Clip, rng: np.random.Generator) -> Clip:
    """Joints moved at random, 0.03 body heights; scores left as they are."""
    out = []
    for frame, people in clean:
        assert people.keypoints is not None
        tall = (people.boxes[:, 3] - people.boxes[:, 1])[:, None, None]
        noise = 0.03 * tall * rng.normal(size=people.keypoints.shape)
        out.append((frame, people.replace(keypoints=people.keypoints + noise)))
    return out


def mean_rows(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Rows of one clip name and method averaged."""
    groups: dict[tuple[object, object], list[dict[str, object]]] = {}
    for row in rows:
        groups.setdefault((row["clip"], row["method"]), []).append(row)
    return [
        {"clip": clip, "method": method}
        | {k: float(np.mean([float(str(row[k])) for row in group])) for k in FIGURES}
        for (clip, method), group in groups.items()
    ]


def show(rows: list[dict[str, object]]) -> None:
    print(f"{'clip':<17} {'method':<28} " + " ".join(f"{name:>7}" for name in FIGURES))
    for row in rows:
        cells = " ".join(f"{row[k]:>7.4f}" for k in FIGURES)
        print(f"{row['clip']!s:<17} {row['method']!s:<28} {cells}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("simulated", "real", "ablation"))
    parser.add_argument("clips", nargs="*", type=Path)
    parser.add_argument("--seeds", type=int, default=2, help="simulated crowds")
    parser.add_argument("--frames", type=int, default=50)
    parser.add_argument("--first", type=int, default=0, help="first frame of a real clip")
    parser.add_argument("--preset", default="balanced")
    parser.add_argument("--only", nargs="+", default=[], help="some of a real clip's degradations")
    parser.add_argument("--cache", type=Path, help="folder that keeps the networks' results")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    methods = ABLATIONS if (ablation := options.what == "ablation") else METHODS
    if options.what == "real" and not options.clips:
        sys.exit("real: name at least one clip")
    rows: list[dict[str, object]] = []

    def add(kind: str, truths: list[Truth], clip: Clip, fps: float, origin: str) -> None:
        name = f"{origin} {'clean' if kind == 'clean' else 'degraded'}" if ablation else kind
        rows.extend(compare(name, truths, clip, fps, methods))

    for path in [] if options.what == "simulated" else options.clips:
        cut = (options.first, options.frames, options.preset, options.cache, options.only)
        for scene in real_clips(path, *cut):
            add(*scene, "real")
    if options.what != "real":
        for scene in simulated_clips(range(options.seeds), options.frames):
            add(*scene, "made-up")
    rows = mean_rows(rows)
    if options.json:
        print(json.dumps(rows, indent=1))
    else:
        show(rows)


if __name__ == "__main__":
    main()
