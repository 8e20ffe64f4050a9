"""Recognisers of actions on simulated crowds of styles that no training has seen.

    python benchmarks/simulated_actions.py --scenes 60 --model kinematic --model pose-stream-sim
    python benchmarks/simulated_actions.py --scenes 20 --model kinematic --model out/parallel

All models score the same windows of the same noisy observations, one labelled frame a second. If a
model looks at pixels, the crowds are rendered, at 640 x 360, and all models score those; the same
with --rendered; else the crowds are of 1280 x 720. Prints macro accuracy by person (mean over the
14 classes) with its 95 % interval by bootstrap over scenes, accuracy, wf_mAP with the observed
boxes taken as found, and the accuracy in each class.
"""

import argparse
from functools import cache
from pathlib import Path

import numpy as np
import torch

from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.progress import progress
from hie_cli.core.types import FloatArray
from hie_cli.recognition.base import Recogniser
from hie_cli.recognition.kinematic.recogniser import Kinematic
from hie_cli.recognition.learned.footage import Footage
from hie_cli.recognition.learned.learned_recogniser import LearnedRecogniser
from hie_cli.recognition.learned.loading import Learned, is_learned, load, needs_pixels
from hie_cli.recognition.settings import ActionConfig
from hie_cli.recognition.window import windows
from hie_cli.training.action.data import Material
from hie_cli.training.action.samples import Sample, indices
from hie_cli.training.action.scores import quality
from hie_cli.training.action.simulated import RENDERED, SIZE, scene

learned = cache(load)


def recogniser(name: str, crowd: Material, step: int) -> Recogniser:
    if name == "kinematic":
        return Kinematic(crowd.video, ActionConfig().kinematic)
    model: Learned = learned(name)
    footage = None
    if (wanted := model.kind.wanted) is not None:
        assert crowd.frames is not None
        middles = range(0, len(crowd.observed), step)
        frames = crowd.frames(indices(middles, wanted, crowd.video))
        footage = Footage(frames, crowd.video, wanted)
    return LearnedRecogniser(model.network, model.card, model.kind, "cpu", footage)


def run_scene(
    number: int, split: str, names: list[str], size: tuple[int, int]
) -> list[tuple[Sample, list[FloatArray]]]:
    """Every labelled window of a scene, with each model's scores."""
    crowd = scene(split, number, size)  # type: ignore[arg-type] # checked by argparse
    step = max(1, round(crowd.video.fps))
    models = [recogniser(name, crowd, step) for name in names]
    found = []
    shown = windows(crowd.observed, crowd.video, ActionConfig().window_seconds, step)
    for item, window in shown:
        if window is not None:
            scores = [model.score(window) for model in models]
            row = crowd.labels.get(item.index, np.full(len(item.people), -1))
            found.append((Sample(None, row, item.people), scores))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenes", type=int, default=60)
    parser.add_argument("--split", choices=("train", "test"), default="test")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--model", action="append", help="kinematic, pose-stream-sim or a folder")
    parser.add_argument("--rendered", action="store_true", help="the crowds that pixel models see")
    options = parser.parse_args()
    names = options.model or ["kinematic", "pose-stream-sim"]
    torch.set_num_threads(1)
    pixels = any(is_learned(name) and needs_pixels(name) for name in names)
    size = RENDERED if pixels or options.rendered else SIZE
    numbers = range(options.first, options.first + options.scenes)
    shown = progress(numbers, "scenes", unit="scene")
    scenes = [run_scene(n, options.split, names, size) for n in shown]
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
