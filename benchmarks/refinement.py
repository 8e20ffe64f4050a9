"""Does temporal refinement of poses help, and each of its ingredients?

    python benchmarks/refinement.py simulated          # rendered crowds with exact joints
    python benchmarks/refinement.py networks           # the same, posed by the chain's networks
    python benchmarks/refinement.py stills SAMPLES     # labelled stills under a moving camera
    python benchmarks/refinement.py real CLIP [...]    # real frames and poses, degraded
    python benchmarks/refinement.py ablation [CLIP..]  # one setting at a time: clips and simulated

Simulated: exact joints of rendered crowds (test styles), observed with noise; the flow sees only
the rendered pixels. Stills: the labels of the pose samples, moved as the camera moves; real
network poses, once with a passer-by in front. Real: the chain's confident joints on the clip as it
is are the reference; the clip is then degraded and gone through again. Every method gets the same
poses; those that networks made are kept in ``--cache``, so that trying again costs refinement only.

``right``: joints within half a head of the truth, of all true joints (a missing joint is wrong).
``error``: mean distance in body heights of those given. ``missed``: true joints without any.
``jitter``: mean size of the error's second difference over time, body heights; ``shake``: of the
joints' own. ``AP``: joint AP of the PoseTrack protocol at alpha 0.1 (of 0.6 x the box's diagonal,
about half a head), joints without truth left out. All are means over both halves of each clip; of
a tuned baseline each half is done with the setting that is best on the other half.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from degraded_clips import degraded
from moving_stills import moving_stills
from pose_clips import Chain, Scene, Truth
from posed_crowds import simulated

from hie_cli.core import geometry
from hie_cli.core.annotations import Annotations
from hie_cli.core.types import Image, People
from hie_cli.evaluation.metrics.pose_ap import PoseApConfig, collect_poses, mean_ap, pose_ap
from hie_cli.flow.estimators import FlowConfig, FlowMeter
from hie_cli.flow.fields import FlowPair
from hie_cli.posing.calibration import HALF_HEAD
from hie_cli.posing.refine import refine
from hie_cli.posing.settings import RefineConfig

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
    "n = 3": [RefineConfig(frames=3)],
    "n = 8": [RefineConfig(frames=8)],
    "tau = 0.05 s": [RefineConfig(decay_seconds=0.05)],
    "tau = 0.2 s": [RefineConfig(decay_seconds=0.2)],
    "no temporal decay": [RefineConfig(decay_seconds=1e6)],
    "epsilon = 0.005": [RefineConfig(max_error=0.005)],
    "epsilon = 0.05": [RefineConfig(max_error=0.05)],
    "no forward-backward check": [RefineConfig(max_error=1e6)],
    "lost joints not carried": [RefineConfig(hidden_weight=0.0)],
    "own weight 0.75": [RefineConfig(own_weight=0.75)],
    "own weight 3": [RefineConfig(own_weight=3.0)],
    "no own share": [RefineConfig(own_share=0.0)],
    "scores not weighed": [RefineConfig(score_power=0.0)],
    "score power 2": [RefineConfig(score_power=2.0)],
    "no damping of far joints": [RefineConfig(outlier=1e6)],
    "damping half as wide": [RefineConfig(outlier=0.05)],
    "similarity from 0.2": [RefineConfig(min_similarity=0.2)],
    "similarity from 0.6": [RefineConfig(min_similarity=0.6)],
    "filled from weight 0.02": [RefineConfig(fill_weight=0.02)],
    "filled from weight 0.2": [RefineConfig(fill_weight=0.2)],
    "people filled from 0.05": [RefineConfig(fill_min_score=0.05)],
    "people filled from 0.5": [RefineConfig(fill_min_score=0.5)],
    "no joints filled": [RefineConfig(fill_joints=False)],
    "no people filled": [RefineConfig(fill_people=False)],
    "Farneback": [RefineConfig(flow=replace(FLOW, method="farneback"))],
    "DIS ultrafast": [RefineConfig(flow=replace(FLOW, preset="ultrafast"))],
    "DIS medium": [RefineConfig(flow=replace(FLOW, preset="medium"))],
    "DIS fast at 320 px": [RefineConfig(flow=replace(FLOW, long_side=320))],
    "DIS fast at 960 px": [RefineConfig(flow=replace(FLOW, long_side=960))],
}


def score(truths: Sequence[Truth], result: Sequence[People]) -> dict[str, float]:
    """The figures of one result; people are matched to true ones by box."""
    right = count = missed = 0
    errors: list[np.ndarray] = []
    paths: dict[tuple[int, int], dict[int, np.ndarray]] = {}
    travels: dict[tuple[int, int], dict[int, np.ndarray]] = {}
    for t, (truth, found) in enumerate(zip(truths, result, strict=True)):
        given = truth.given(found)
        known = geometry.known(truth.joints)
        offset = (given - truth.joints) / truth.tall[:, None, None]
        distance = np.linalg.norm(offset, axis=-1)
        there = known & np.isfinite(distance)
        count += int(known.sum())
        missed += int((known & ~there).sum())
        right += int((distance[there] <= HALF_HEAD).sum())
        errors.append(distance[there])
        for g, j in zip(*np.nonzero(there), strict=True):
            key = int(truth.ids[g]), int(j)
            paths.setdefault(key, {})[t] = offset[g, j]
            travels.setdefault(key, {})[t] = given[g, j] / truth.tall[g]
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
    pairs = [(_annotations(t), t.counted(p)) for t, p in zip(truths, result, strict=True)]
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
    clip: str, scene: Scene, methods: dict[str, list[RefineConfig]]
) -> Iterator[dict[str, object]]:
    """Two rows per method, one for each half of a clip; settings are chosen on the other half."""
    truths = scene.truths
    flows: dict[FlowConfig, list[FlowPair | None]] = {}

    def result(config: RefineConfig) -> list[People]:
        if config.method == "flow" and config.flow not in flows:
            meter = FlowMeter(config.flow)
            flows[config.flow] = [meter.step(item.image) for item in scene.clip]
        replay = Replay(flows.get(config.flow, []))
        return [item.people for item in refine(scene.clip, config, scene.fps, replay)]

    first, second = slice(0, len(truths) // 2), slice(len(truths) // 2, None)
    for method, settings in methods.items():
        results = [result(config) for config in settings]
        for here, there in ((first, second), (second, first)):
            best = results[0]
            if len(results) > 1:
                merits = [merit(score(truths[there], each[there])) for each in results]
                best = results[int(np.argmax(merits))]
            figures = score(truths[here], best[here]) | {"AP": ap(truths[here], best[here])}
            yield {"clip": clip, "kind": scene.kind, "method": method, **figures}


def merit(figures: dict[str, float]) -> float:
    """By what baselines are tuned: many right joints that do not shake."""
    return figures["right"] - figures["jitter"]


def mean_rows(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Rows of one clip, kind and method averaged."""
    groups: dict[tuple[object, ...], list[dict[str, object]]] = {}
    for row in rows:
        groups.setdefault((row["clip"], row["kind"], row["method"]), []).append(row)
    return [
        {"clip": clip, "kind": kind, "method": method}
        | {k: float(np.mean([float(str(row[k])) for row in group])) for k in FIGURES}
        for (clip, kind, method), group in groups.items()
    ]


def show(rows: list[dict[str, object]], figures: Sequence[str] = FIGURES) -> None:
    """Rows as a Markdown table."""
    print(f"| clip | input | method | {' | '.join(figures)} |")
    print("| --- " * (3 + len(figures)) + "|")
    for row in rows:
        cells = " | ".join(f"{row[k]:.4f}".removeprefix("0") for k in figures)
        print(f"| {row['clip']} | {row['kind']} | {row['method']} | {cells} |")


def show_ablation(rows: list[dict[str, object]]) -> None:
    """A table for each clip: what is right of the clean clip, and the figures of the degraded."""
    clean = {(r["clip"], r["method"]): r["right"] for r in rows if r["kind"] == "clean"}
    damaged = [
        row | {"clean": clean[row["clip"], row["method"]]} for row in rows if row["kind"] != "clean"
    ]
    show(damaged, ("clean", "right", "missed", "jitter", "AP"))


def scenes(what: str, options: argparse.Namespace) -> Iterator[tuple[str, Scene]]:
    """The scenes asked for, each with the name of the clip it belongs to."""
    chain = Chain(options.preset, options.cache)
    seeds, frames = range(options.seeds), options.frames
    if what == "networks":
        yield from (("rendered", scene) for scene in simulated(seeds, frames, options.fps, chain))
    if what == "stills":
        for root in options.clips:
            yield from (
                ("stills", scene) for scene in moving_stills(root, frames, chain, options.only)
            )
    if what in ("real", "ablation"):
        for path in options.clips:
            made = degraded(path, options.first, frames, chain, options.only)
            yield from ((path.stem, scene) for scene in made)
    if what in ("simulated", "ablation"):
        yield from (("rendered", scene) for scene in simulated(seeds, frames, options.fps))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("simulated", "networks", "stills", "real", "ablation"))
    parser.add_argument("clips", nargs="*", type=Path)
    parser.add_argument("--seeds", type=int, default=2, help="simulated crowds")
    parser.add_argument("--fps", type=float, default=25.0, help="of simulated crowds")
    parser.add_argument("--frames", type=int, default=40)
    parser.add_argument("--first", type=int, default=0, help="first frame of a real clip")
    parser.add_argument("--preset", default="balanced")
    parser.add_argument(
        "--only", nargs="+", default=[], help="some degradations, or data sets of stills"
    )
    parser.add_argument("--cache", type=Path, default=Path("out/refinement"))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    if options.what in ("real", "stills") and not options.clips:
        sys.exit(f"{options.what}: name at least one clip or folder")
    ablation = options.what == "ablation"
    rows: list[dict[str, object]] = []
    for clip, scene in scenes(options.what, options):
        if ablation and scene.kind != "clean":
            scene = replace(scene, kind="degraded")
        rows.extend(compare(clip, scene, ABLATIONS if ablation else METHODS))
    means = mean_rows(rows)
    if options.json:
        print(json.dumps(means, indent=1))
    elif ablation:
        show_ablation(means)
    else:
        show(means)


if __name__ == "__main__":
    main()
