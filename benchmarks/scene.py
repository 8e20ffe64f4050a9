"""Scene and pixels for actions, on rendered crowds whose train and test styles are disjoint.

    python benchmarks/scene.py fusion                 # does the scene raise wf_mAP?
    python benchmarks/scene.py slowfast               # does SlowFast-r18 learn from pixels?

Everything is simulated: the figures say that a method works, not how well it does on real video.
"""

import argparse
import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from hie_cli.actions import ACTIONS
from hie_cli.evaluation.action_map import ActionConfig as MapConfig
from hie_cli.evaluation.action_map import action_map, collect_actions
from hie_cli.recognition.settings import ActionConfig
from hie_cli.recognition_models.clips import Sampling
from hie_cli.recognition_models.scene_descriptor import (
    BAND,
    FRAME,
    USES,
    band_vectors,
    frame_vector,
    sampled,
    scene_of,
)
from hie_cli.recognition_models.scene_fusion import concatenated, probabilities, with_prior
from hie_cli.simulation.crowd import Crowd, CrowdConfig, simulate, truth
from hie_cli.simulation.observe import observe
from hie_cli.simulation.render import render
from hie_cli.stages.action import recognise
from hie_cli.training.labels import labels_of
from hie_cli.training.video_loop import (
    VideoTraining,
    accuracies,
    predict,
    start,
    train_video,
    write_video_model,
)
from hie_cli.training.video_samples import video_samples
from hie_cli.training.video_scene import fit_beta, fit_concatenation, fit_prior
from hie_cli.types import Annotations, People

SIZE = (640, 360)
FPS = 12.5


@dataclasses.dataclass(frozen=True)
class Seen:
    """One frame: truth, observed people with scores, their labels (N,), -1 = none, and scenes."""

    truth: Annotations
    people: People
    labels: np.ndarray
    scenes: np.ndarray


def at(crowd: Crowd, frames: Sequence[int]) -> Crowd:
    """The crowd at some of its frames only, so that only those are drawn."""
    index = np.array(frames)
    actors = tuple(
        dataclasses.replace(a, position=a.position[index], heading=a.heading[index])
        for a in crowd.actors
    )
    parts = {
        name: getattr(crowd, name)[:, index]
        for name in ("world", "pixels", "depth", "boxes", "present", "seen", "actions")
    }
    config = dataclasses.replace(crowd.config, frames=len(index))
    return dataclasses.replace(crowd, config=config, actors=actors, **parts)


def crowds(split: str, first: int, count: int, people: int, frames: int, actions=()):
    for seed in range(first, first + count):
        yield simulate(CrowdConfig(seed, people, frames, FPS, *SIZE, split, actions))


def scene_set(split: str, first: int, count: int, model: str) -> list[Seen]:
    """Frames one second apart of rendered crowds, scored by ``model``."""
    out = []
    every = round(FPS)
    for crowd in crowds(split, first, count, 14, 100):
        observed, exact = observe(crowd), truth(crowd)
        pictures = render(at(crowd, sampled(crowd.config.frames, 9)))
        scene = scene_of(pictures, observed, crowd.info)
        whole = frame_vector(scene)
        config = ActionConfig(model=(model,), every=every)
        for item in recognise(observed, crowd.info, config):
            t = item.frame_index
            if t % every:
                continue
            nobody = np.full(len(item.people), -1)
            found = labels_of(observed[t : t + 1], exact.frames).get(0, nobody)
            bands = band_vectors(scene, item.people.boxes)
            rows = np.concatenate([bands, np.tile(whole, (len(bands), 1))], 1)
            out.append(Seen(exact.frames[t], item.people, found, rows))
    return out


def wf_map(frames: list[Seen], scores: Sequence[np.ndarray]) -> tuple[float, float, float]:
    """wf_mAP and mAP at IoU 0.5, and macro accuracy of the labelled people."""
    options = MapConfig(ious=(0.5,), stride=1)
    pairs = [
        (s.truth, s.people.replace(action_scores=row))
        for s, row in zip(frames, scores, strict=True)
    ]
    table = action_map([collect_actions(pairs, options)], options)
    labels = np.concatenate([s.labels for s in frames])
    top = np.concatenate([row.argmax(1) for row in scores])
    hit = [np.mean(top[labels == c] == c) for c in range(len(ACTIONS)) if (labels == c).any()]
    return float(table.weighted_mean[0]), float(table.mean[0]), float(np.mean(hit))


def stacked(frames: list[Seen]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    scores = np.concatenate([s.people.action_scores for s in frames])
    labels = np.concatenate([s.labels for s in frames])
    return scores, labels, np.concatenate([s.scenes for s in frames])


def split_rows(frames: list[Seen], rows: np.ndarray) -> list[np.ndarray]:
    return np.split(rows, np.cumsum([len(s.people) for s in frames])[:-1])


PARTS = {
    "looks of the band": slice(0, BAND - USES),
    "uses at the feet": slice(BAND - USES, BAND),
    "band": slice(0, BAND),
    "band and frame": slice(0, BAND + FRAME),
}
LINE = "{:<34} {:>7.3f} {:>7.3f} {:>7.3f}"


def fused(train: list[Seen], val: list[Seen], test: list[Seen], part: slice, seed: int):
    """Scores of the test set by the prior alone, by score and prior, and by concatenation; beta."""
    scores, labels, scenes = stacked(train)
    known = labels >= 0
    prior = fit_prior(scenes[known][:, part], labels[known], seed=seed)
    both = fit_concatenation(scores[known], scenes[known][:, part], labels[known], seed=seed)
    scores, _, scenes = stacked(val)
    told = probabilities(prior, scenes[:, part])
    beta = fit_beta(scores, told, lambda rows: wf_map(val, split_rows(val, rows))[0])
    scores, _, scenes = stacked(test)
    told = probabilities(prior, scenes[:, part])
    joined = concatenated(both, scores, scenes[:, part])
    return told, with_prior(scores, told, beta), joined, beta


def fusion(args: argparse.Namespace) -> None:
    begin = time.perf_counter()
    train = scene_set("train", 0, args.train, args.model)
    val = scene_set("train", 50_000, args.val, args.model)
    test = scene_set("test", 0, args.test, args.model)
    seconds = time.perf_counter() - begin
    print(f"made {args.train} + {args.val} + {args.test} crowds: {seconds:.0f} s", flush=True)
    print(f"{'test styles':<34} {'wf_mAP':>7} {'mAP':>7} {'macro':>7}")
    scores = stacked(test)[0]
    print(LINE.format(f"{args.model} alone", *wf_map(test, split_rows(test, scores))))
    blind = [dataclasses.replace(s, scenes=np.zeros((len(s.people), 1))) for s in train + val]
    unseen = [dataclasses.replace(s, scenes=np.zeros((len(s.people), 1))) for s in test]
    rows = fused(blind[: len(train)], blind[len(train) :], unseen, slice(0, 1), 0)[2]
    print(LINE.format("recalibrated without a scene", *wf_map(test, split_rows(test, rows))))
    for name, part in PARTS.items():
        runs = [fused(train, val, test, part, seed) for seed in range(args.seeds)]
        for k, way in enumerate(("prior alone", "with prior", "concatenated")):
            found = [wf_map(test, split_rows(test, run[k])) for run in runs]
            low, high = min(f[0] for f in found), max(f[0] for f in found)
            betas = f", beta {[run[3] for run in runs]}" if k == 1 else ""
            line = LINE.format(f"{way}, {name}", *np.mean(found, 0))
            print(f"{line}  {low:.3f} to {high:.3f} over {args.seeds} seeds{betas}", flush=True)


def clip_set(split: str, first: int, count: int, config: VideoTraining, actions) -> list:
    """Labelled clips 0.8 s apart of rendered crowds of 6."""
    out = []
    for crowd in crowds(split, first, count, 6, 60, actions):
        observed, exact = observe(crowd), truth(crowd)
        step = 10
        labels = {k * step: row for k, row in labels_of(observed[::step], exact.frames).items()}
        pictures = render(crowd)
        out += video_samples(pictures, observed, crowd.info, labels, config.sampling, config.side)
    return out


def learning(args: argparse.Namespace) -> None:
    begin = time.perf_counter()
    actions = tuple(args.actions.split(","))
    config = VideoTraining(
        width=args.width, side=180, sampling=Sampling(6.0, 8), epochs=args.epochs, batch=4
    )
    train = clip_set("train", 0, args.train, config, actions)
    val = clip_set("train", 50_000, args.val, config, actions)
    test = clip_set("test", 0, args.test, config, actions)
    sizes = [len(part) for part in (train, val, test)]
    print(f"{sizes} clips: {time.perf_counter() - begin:.0f} s", flush=True)
    trained = train_video(start(config), train, val, config)
    for row in trained.history:
        print("  ".join(f"{k} {v:.3f}" if k != "epoch" else f"{k} {v}" for k, v in row.items()))
    macro, accuracy = accuracies(test, predict(trained.network, test, config, "cpu"))
    labels = np.concatenate([s.labels for s in test])
    labels = labels[labels >= 0]
    classes = len(np.unique(labels))
    commonest = np.bincount(labels).max() / len(labels)
    print(
        f"test styles, {len(labels)} people: macro accuracy {macro:.3f} (chance {1 / classes:.3f})"
    )
    print(f"accuracy {accuracy:.3f} (always the commonest class: {commonest:.3f})")
    print(f"best epoch {trained.best_epoch}, {time.perf_counter() - begin:.0f} s in all")
    if args.output:
        write_video_model(args.output, trained, config, "rendered simulation only")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("fusion")
    one.add_argument("--train", type=int, default=60)
    one.add_argument("--val", type=int, default=20)
    one.add_argument("--test", type=int, default=30)
    one.add_argument("--seeds", type=int, default=3)
    one.add_argument("--model", default="kinematic")
    one.set_defaults(run=fusion)
    two = commands.add_parser("slowfast")
    two.add_argument("--train", type=int, default=32)
    two.add_argument("--val", type=int, default=8)
    two.add_argument("--test", type=int, default=12)
    two.add_argument("--epochs", type=int, default=8)
    two.add_argument("--width", type=int, default=16, help="64 is the published network")
    two.add_argument(
        "--actions",
        default="walking-alone,running-alone,riding,sitting-alone,fighting,fall-over",
    )
    two.add_argument("--output", type=Path, help="folder for the trained model")
    two.set_defaults(run=learning)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(args.threads)
    args.run(args)


if __name__ == "__main__":
    main()
