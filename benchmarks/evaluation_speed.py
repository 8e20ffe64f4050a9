"""How fast the tracking evaluation is against TrackEval and against PoseTrack's protocol.

    python benchmarks/evaluation_speed.py          # 13 sequences of 60 people and 1,500 frames
    python benchmarks/evaluation_speed.py --sequences 2 --frames 200

Generates one sequence at a time (so memory holds one), scores its boxes with this package and with
TrackEval 1.3 (similarities, preprocessing and CLEAR, Identity, HOTA; reading files is left out on
both sides), compares the figures, and times pose MOTA against the slow reference in
tests/evaluation. CPU seconds, so that other work on the machine does not count.
"""

import argparse
import importlib.util
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from hie_cli.evaluation import pose_mota, tracks
from hie_cli.evaluation.sums import pooled
from hie_cli.types import Annotations, FramePeople, People, TruthSequence

REFERENCE = Path(__file__).parent.parent / "tests" / "evaluation" / "poseval_reference.py"
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
                    np.full((len(ids), 14), 0.9),
                ),
            )
        )
    return TruthSequence(f"seq{seed}", tuple(truth)), found


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    start = time.process_time()
    result = work()
    return result, time.process_time() - start


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


def same(ours: tracks.TrackSums, theirs: dict[str, dict[str, Any]]) -> bool:
    """Whether counts agree exactly and ratios to 1e-9."""
    clear, hota = theirs["CLEAR"], theirs["HOTA"]
    counts = ("CLR_TP", "CLR_FN", "CLR_FP", "IDSW", "Frag", "MT", "PT", "ML")
    mine = ours.clear
    exact = [mine.tp, mine.fn, mine.fp, mine.idsw, mine.frag, mine.mt, mine.pt, mine.ml]
    figures = [mine.mota - clear["MOTA"], mine.motp - clear["MOTP"]]
    figures += [ours.identity.idf1 - theirs["Identity"]["IDF1"]]
    figures += list(ours.hota.hota - hota["HOTA"]) + list(ours.hota.loc_a - hota["LocA"])
    return [clear[name] for name in counts] == exact and max(map(abs, figures)) < 1e-9


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
    spec = importlib.util.spec_from_file_location("poseval_reference", REFERENCE)
    if spec is None or spec.loader is None:
        sys.exit(f"{REFERENCE}: not found")
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)

    trackeval_figures(trackeval_raw(*sequence(0, 8, 2)))  # imports and first calls cost once
    pose_mota.accumulate(*sequence(0, 8, 2))
    tracks.accumulate(*sequence(0, 8, 2))
    box_sums, pose_sums, equal, pose_equal = [], [], True, True
    box, box_theirs, pose, pose_short, pose_theirs = np.zeros(5)
    for seed in range(options.sequences):
        truth, found = sequence(seed, options.people, options.frames)
        sums, spent = timed(lambda t=truth, f=found: tracks.accumulate(t, f))
        box, box_sums = box + spent, [*box_sums, sums]
        raw = trackeval_raw(truth, found)
        theirs, spent = timed(lambda r=raw: trackeval_figures(r))
        box_theirs, equal = box_theirs + spent, equal and same(sums, theirs)
        sums, spent = timed(lambda t=truth, f=found: pose_mota.accumulate(t, f))
        pose, pose_sums = pose + spent, [*pose_sums, sums]
        few = options.reference_frames
        short = TruthSequence(truth.name, truth.frames[:few]), found[:few]
        mine, spent = timed(lambda s=short: pose_mota.accumulate(*s))
        pose_short += spent
        theirs, spent = timed(lambda s=short: reference.reference_sums(*s))
        pose_theirs += spent
        pose_equal &= np.allclose(
            theirs[:4], [mine.objects, mine.predictions, mine.detections, mine.switches]
        )
        print(f"{truth.name} done", file=sys.stderr)

    total, joints = pooled(box_sums), pooled(pose_sums)
    frames = options.sequences * options.frames
    print(f"{options.sequences} sequences x {options.people} people x {options.frames} frames")
    print(
        f"Track 1 (MOTA {total.clear.mota:.4f}, IDF1 {total.identity.idf1:.4f}, "
        f"HOTA {total.hota.hota.mean():.4f}): {box:.1f} s, TrackEval {box_theirs:.1f} s, "
        f"{box_theirs / box:.1f} x faster; figures equal: {'yes' if equal else 'NO'}"
    )
    print(
        f"Pose MOTA ({pose_mota.total(joints.mota()):.4f}): {pose:.1f} s, "
        f"{1000 * pose / frames:.2f} ms a frame"
    )
    print(
        "poseval has no release to install: a plain reimplementation of its protocol on "
        "motmetrics (tests/evaluation/poseval_reference.py) stands in, on "
        f"{options.reference_frames} frames of each sequence: {pose_short:.2f} s "
        f"against {pose_theirs:.1f} s, "
        f"{pose_theirs / pose_short:.0f} x faster; counts equal: {'yes' if pose_equal else 'NO'}"
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"Peak memory of the process: {peak:.0f} MiB")


if __name__ == "__main__":
    main()
