"""Recognisers of actions on simulated crowds of styles that no training has seen.

    python benchmarks/simulated_actions.py --scenes 60 --model kinematic --model pose-stream-sim

All models score the same windows of the same noisy observations, one labelled frame a second.
Prints macro accuracy by person (mean over the 14 classes) with its 95 % interval by bootstrap over
scenes, accuracy, wf_mAP with the observed boxes taken as found, and the accuracy in each class.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from hie_cli.actions import ACTIONS
from hie_cli.progress import progress
from hie_cli.recognition.base import Recogniser
from hie_cli.recognition.kinematic import Kinematic
from hie_cli.recognition.settings import ActionConfig
from hie_cli.recognition.window import windows
from hie_cli.recognition_models.clips import Sampling, clip_of
from hie_cli.recognition_models.loading import load_recogniser
from hie_cli.training.labels import labels_of
from hie_cli.training.samples import Sample
from hie_cli.training.scores import quality
from hie_cli.training.simulated import scene
from hie_cli.types import FloatArray, VideoInfo


def recogniser(name: str, video: VideoInfo) -> Recogniser:
    if name == "kinematic":
        return Kinematic(video, ActionConfig().kinematic)
    return load_recogniser(name, video, device="cpu")


def run_scene(number: int, split: str, names: list[str]) -> list[tuple[Sample, list[FloatArray]]]:
    """Every labelled window of a scene, with each model's scores."""
    observed, video, exact = scene(split, number)  # type: ignore[arg-type] # checked by argparse
    step = max(1, round(video.fps))
    labels = labels_of(observed[::step], exact.frames)
    models = [recogniser(name, video) for name in names]
    found = []
    for item, window in windows(observed, video, ActionConfig().window_seconds, step):
        if window is not None:
            scores = [model.score(window) for model in models]
            row = labels.get(item.frame_index // step, np.full(len(item.people), -1))
            found.append((Sample(clip_of(window, Sampling()), row, item.people), scores))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenes", type=int, default=60)
    parser.add_argument("--split", choices=("train", "test"), default="test")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--model", action="append", help="kinematic, pose-stream-sim or a folder")
    options = parser.parse_args()
    names = options.model or ["kinematic", "pose-stream-sim"]
    torch.set_num_threads(1)
    numbers = range(options.first, options.first + options.scenes)
    scenes = [run_scene(n, options.split, names) for n in progress(numbers, "scenes", unit="scene")]
    rng = np.random.default_rng(0)
    draws = [rng.integers(0, len(scenes), len(scenes)) for _ in range(500)]
    tables = []
    for k, name in enumerate(names):
        rows = [pair for one in scenes for pair in one]
        found = quality([s for s, _ in rows], [scores[k] for _, scores in rows])
        each = [quality([s for s, _ in one], [v[k] for _, v in one]).confusion for one in scenes]
        spread = []
        for draw in draws:
            confusion = np.sum([each[i] for i in draw], axis=0)
            total = confusion.sum(1)
            spread.append(float((np.diag(confusion)[total > 0] / total[total > 0]).mean()))
        low, high = np.percentile(spread, [2.5, 97.5])
        tables.append(found.confusion)
        print(
            f"{Path(name).name}: macro accuracy {found.macro:.3f} [{low:.3f}, {high:.3f}], "
            f"accuracy {found.accuracy:.3f}, wf_mAP {found.wf_map:.3f}"
        )
    print(f"\n{'action':24s}{'persons':>8s}" + "".join(f"{Path(n).name:>18s}" for n in names))
    for c, action in enumerate(ACTIONS):
        total = tables[0][c].sum()
        shares = [f"{table[c, c] / max(1, total):18.2f}" for table in tables]
        print(f"{action:24s}{total:8d}" + "".join(shares))


if __name__ == "__main__":
    main()
