"""How fast the evaluation is against TrackEval and against a plain reading of poseval.

    python benchmarks/evaluation_speed.py          # 13 sequences of 60 people and 1,500 frames
    python benchmarks/evaluation_speed.py --sequences 2 --frames 200

Generates one sequence at a time (so memory holds one), scores its boxes with this package and with
TrackEval 1.3 (similarities, preprocessing and CLEAR, Identity, HOTA; reading files is left out on
both sides), scores its poses with this package and with the slow reference in tests/evaluation
(joint AP at alpha 0.5, MOTA), and compares the figures. CPU seconds of one thread, so that other
work on the machine counts as little as possible.
"""

import argparse
import importlib.util
import multiprocessing
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from hie_cli.core.annotations import Annotations, TruthSequence
from hie_cli.core.types import FramePeople, People
from hie_cli.evaluation.matching import aligned
from hie_cli.evaluation.metrics import box_tracking, pose_mota
from hie_cli.evaluation.metrics.accumulators import pooled
from hie_cli.evaluation.metrics.pose_ap import PoseApConfig, collect_poses, pose_ap

REFERENCE = Path(__file__).parent.parent / "tests" / "support" / "poseval_reference.py"
MEMORY_SEQUENCES = 4
SIZE_WH = np.array([1920.0, 1080.0])


def sequence(seed: int, people: int, frames: int) -> tuple[TruthSequence, list[FramePeople]]:
    """People walking through a street scene and a tracker that misses, jitters and switches."""
    rng = np.random.default_rng(seed)
    height = rng.uniform(80, 260, people)
    extent = np.stack([height * 0.4, height], axis=1)
    place = rng.uniform(0, 1, (people, 2)) * SIZE_WH
    speed = rng.normal(0, 1.5, (people, 2))
    shape = rng.uniform(0.1, 0.9, (people, 14, 2))
    alias = np.arange(people)
    next_id = people
    truth, found = [], []
    for t in range(frames):
        place = place + speed
        speed = np.where((place < 0) | (place > SIZE_WH), -speed, speed)
        boxes = np.round(np.concatenate([place, place + extent], axis=1), 2)
        poses = np.round(place[:, None] + shape * extent[:, None], 2)
        visibility = np.where(rng.random((people, 14)) < 0.8, 1, 0)
        truth.append(
            Annotations(boxes, np.arange(people), np.zeros(people, bool), poses, visibility)
        )
        for person in np.flatnonzero(rng.random(people) < 0.005):
            alias[person], next_id = next_id, next_id + 1
        seen = rng.random(people) < 0.85
        false = int(rng.integers(0, 6))
        corner = rng.uniform(0, 1, (false, 2)) * SIZE_WH
        guess = boxes + rng.normal(0, 0.03, (people, 4)) * np.tile(extent, 2)
        joints = poses + rng.normal(0, 0.04, poses.shape) * extent[:, None]
        wrong = corner[:, None] + shape[:false] * 100
        ids = np.concatenate([alias[seen], 10**6 + np.arange(false)])
        found.append(
            FramePeople(
                t,
                People(
                    np.round(np.concatenate([guess[seen], np.hstack([corner, corner + 100])]), 2),
                    np.round(rng.random(len(ids)), 4),
                    ids,
                    np.round(np.concatenate([joints[seen], wrong]), 2),
                    np.round(rng.random((len(ids), 14)), 4),
                ),
            )
        )
    return TruthSequence(f"seq{seed}", tuple(truth)), found


def timed(spent: dict[str, float], name: str, work: Callable[[], Any]) -> Any:
    """The result of ``work``, whose CPU seconds are added to ``spent[name]``."""
    start = time.process_time()
    result = work()
    spent[name] += time.process_time() - start
    return result


def trackeval_raw(truth: TruthSequence, found: list[FramePeople]) -> dict[str, Any]:
    """The sequence as TrackEval's reader of MOTChallenge files would hand it over."""

    def xywh(boxes: Any) -> Any:
        exact = np.round(boxes.astype(np.float64), 2)
        return np.concatenate([exact[:, :2], np.round(exact[:, 2:] - exact[:, :2], 2)], axis=1)

    counts = [len(a) for a in truth.frames]
    people = [f.people for f in found]
    return {
        "seq": truth.name,
        "num_timesteps": len(counts),
        "gt_ids": [a.track_ids for a in truth.frames],
        "gt_dets": [xywh(a.boxes) for a in truth.frames],
        "gt_classes": [np.ones(n, int) for n in counts],
        "gt_extras": [{"zero_marked": np.ones(n, int)} for n in counts],
        "tracker_ids": [p.track_ids for p in people],
        "tracker_dets": [xywh(p.boxes) for p in people],
        "tracker_classes": [np.ones(len(p), int) for p in people],
        "tracker_confidences": [p.scores for p in people],
    }


def trackeval_figures(raw: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """TrackEval's similarities, preprocessing and metrics of one sequence."""
    from trackeval.datasets import MotChallenge2DBox
    from trackeval.metrics import CLEAR, HOTA, Identity

    # Made without its constructor, which wants a folder of files.
    dataset = MotChallenge2DBox.__new__(MotChallenge2DBox)
    dataset.benchmark, dataset.do_preproc = "MOT15", True
    dataset.class_name_to_class_id = {
        "pedestrian": 1,
        "person_on_vehicle": 2,
        "static_person": 7,
        "distractor": 8,
        "reflection": 12,
    }
    raw["similarity_scores"] = [
        dataset._calculate_similarities(a, b)
        for a, b in zip(raw["gt_dets"], raw["tracker_dets"], strict=True)
    ]
    data = dataset.get_preprocessed_seq_data(raw, "pedestrian")
    metrics = CLEAR({"PRINT_CONFIG": False}), Identity({"PRINT_CONFIG": False}), HOTA()
    return {metric.get_name(): metric.eval_sequence(data) for metric in metrics}


def same(ours: box_tracking.TrackSums, theirs: dict[str, dict[str, Any]]) -> bool:
    """Whether counts agree exactly and ratios to 1e-9."""
    clear, hota = theirs["CLEAR"], theirs["HOTA"]
    counts = ("CLR_TP", "CLR_FN", "CLR_FP", "IDSW", "Frag", "MT", "PT", "ML")
    mine = ours.clear
    exact = [mine.tp, mine.fn, mine.fp, mine.idsw, mine.frag, mine.mt, mine.pt, mine.ml]
    figures = [mine.mota - clear["MOTA"], mine.motp - clear["MOTP"]]
    figures += [ours.identity.idf1 - theirs["Identity"]["IDF1"]]
    figures += list(ours.hota.hota - hota["HOTA"]) + list(ours.hota.loc_a - hota["LocA"])
    return [clear[name] for name in counts] == exact and max(map(abs, figures)) < 1e-9


def peaks(sequences: int, people: int, frames: int) -> list[float]:
    """Peak memory of this process in MiB after scoring each of ``sequences``."""
    sums, memory = [], []
    for seed in range(sequences):
        pair = sequence(seed, people, frames)
        sums.append((box_tracking.accumulate(*pair), pose_mota.accumulate(*pair), joint_ap(*pair)))
        memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return memory


def poseval_reference() -> Any:
    """The slow reference of the tests as a module."""
    spec = importlib.util.spec_from_file_location("poseval_reference", REFERENCE)
    if spec is None or spec.loader is None:
        sys.exit(f"{REFERENCE}: not found")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def joint_ap(truth: TruthSequence, found: list[FramePeople]) -> Any:
    """Joint AP (14,) at alpha 0.5, the one that poseval computes, with its treatment of ties."""
    config = PoseApConfig((0.5,))
    parts = [collect_poses(aligned(truth, found), config, "poseval")]
    return pose_ap(parts, config, "poseval").ap[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sequences", type=int, default=13)
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--frames", type=int, default=1500)
    parser.add_argument(
        "--reference-frames",
        type=int,
        default=20,
        help="frames of each sequence for poseval's part",
    )
    options = parser.parse_args()
    # First of all: a new process reports at least the memory of the one that it comes from.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as fresh:
        some = min(MEMORY_SEQUENCES, options.sequences)
        memory = fresh.submit(peaks, some, options.people, options.frames).result()
    reference = poseval_reference()
    few = options.reference_frames

    trackeval_figures(trackeval_raw(*sequence(0, 8, 2)))  # imports and first calls cost once
    pose_mota.accumulate(*sequence(0, 8, 2))
    box_tracking.accumulate(*sequence(0, 8, 2))
    joint_ap(*sequence(0, 8, 2))
    spent: dict[str, float] = defaultdict(float)
    box_sums, pose_sums, boxes_equal, poses_equal = [], [], True, True
    for seed in range(options.sequences):
        truth, found = sequence(seed, options.people, options.frames)
        short = TruthSequence(truth.name, truth.frames[:few]), found[:few]

        box_sums.append(
            timed(spent, "boxes", lambda t=truth, f=found: box_tracking.accumulate(t, f))
        )
        pose_sums.append(timed(spent, "mota", lambda t=truth, f=found: pose_mota.accumulate(t, f)))
        timed(spent, "ap", lambda t=truth, f=found: joint_ap(t, f))

        raw = trackeval_raw(truth, found)
        theirs = timed(spent, "TrackEval", lambda r=raw: trackeval_figures(r))
        boxes_equal &= same(box_sums[-1], theirs)

        mine = timed(spent, "short mota", lambda s=short: pose_mota.accumulate(*s))
        slow = timed(spent, "slow mota", lambda s=short: reference.reference_sums(*s))
        counts = [mine.objects, mine.predictions, mine.detections, mine.switches]
        poses_equal &= np.array_equal(slow[:4], counts)
        pairs = aligned(*short)
        mine = timed(spent, "short ap", lambda s=short: joint_ap(*s))
        slow = timed(spent, "slow ap", lambda p=pairs: reference.reference_ap(p, 0.5))
        poses_equal &= np.allclose(mine, slow, rtol=0, atol=1e-9)
        print(f"{truth.name} done", file=sys.stderr)

    total, joints = pooled(box_sums), pooled(pose_sums)
    frames = options.sequences * options.frames
    print(f"{options.sequences} sequences x {options.people} people x {options.frames} frames")
    print(
        f"Track 1 (MOTA {total.clear.mota:.4f}, IDF1 {total.identity.idf1:.4f}, "
        f"HOTA {total.hota.hota.mean():.4f}): {spent['boxes']:.1f} s, "
        f"TrackEval {spent['TrackEval']:.1f} s: {spent['TrackEval'] / spent['boxes']:.1f} x faster "
        f"(goal 5); figures equal: {'yes' if boxes_equal else 'NO'}"
    )
    print(
        f"Poses (MOTA {pose_mota.total(joints.mota()):.4f}): MOTA {spent['mota']:.1f} s, AP "
        f"{spent['ap']:.1f} s, {1000 * (spent['mota'] + spent['ap']) / frames:.2f} ms a frame"
    )
    ours, slow = spent["short ap"] + spent["short mota"], spent["slow ap"] + spent["slow mota"]
    print(
        "poseval has no release to install. A plain reimplementation of its protocol on motmetrics "
        "(tests/evaluation/poseval_reference.py), written for the tests and not poseval's own "
        f"code, stands in for it, on {few} frames of each sequence:\n"
        f"  AP   {spent['short ap']:.2f} s against {spent['slow ap']:.1f} s: "
        f"{spent['slow ap'] / spent['short ap']:.0f} x faster\n"
        f"  MOTA {spent['short mota']:.2f} s against {spent['slow mota']:.1f} s: "
        f"{spent['slow mota'] / spent['short mota']:.0f} x faster\n"
        f"  both {ours:.2f} s against {slow:.1f} s: {slow / ours:.0f} x faster (goal 20); "
        f"figures equal: {'yes' if poses_equal else 'NO'}"
    )
    print(
        f"Peak memory of a process that scores boxes and poses of {some} sequences in turn: "
        f"{memory[0]:.0f} MiB after the first, {memory[-1]:.0f} MiB after the last"
    )


if __name__ == "__main__":
    main()
