"""Recognisers on CAVIAR's real clips: rules, a trained model, and it fine-tuned on other clips.

    python benchmarks/caviar_learned.py DIR [--model FOLDER] [--own out/track] [--epochs 8]

DIR and the units are those of caviar.py, as are the true boxes as tracks with poses by crops. With
--own also what comes of our own detections and tracks (caviar_own.py). For fine-tuning, on true
boxes, the clips are dealt into three parts that share no CAVIAR sequence; each part is scored by a
model fine-tuned on the other two, for a fixed number of epochs (nothing is chosen by looking at the
scored part).
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent))
import caviar
import caviar_clips
import caviar_own

from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.progress import set_quiet
from hie_cli.core.types import FloatArray, FramePeople, VideoInfo
from hie_cli.recognition.base import Recogniser
from hie_cli.recognition.kinematic.recogniser import Kinematic
from hie_cli.recognition.learned.learned_recogniser import LearnedRecogniser
from hie_cli.recognition.learned.loading import SIMULATED, Learned, load
from hie_cli.recognition.stage import ActionConfig, recognise
from hie_cli.training.action.data import Material
from hie_cli.training.action.learning import train
from hie_cli.training.action.samples import Sample, samples_of
from hie_cli.training.action.settings import TrainConfig

PoseClip = tuple[list[list[int]], VideoInfo, list[FramePeople]]
Choice = Callable[[VideoInfo], tuple[Recogniser, ...]]
PARTS = 3
EVERY = 5


def stem(name: str) -> str:
    """The CAVIAR sequence a clip was cut from: several clips share one."""
    return name.rsplit("_", 1)[0]


def samples(rows: list[caviar_clips.Row], clip: PoseClip, config: TrainConfig) -> list[Sample]:
    places, video, people = clip
    labels = {}
    for t in range(0, len(people), EVERY):
        row = [rows[i] for i in places[t]]
        actions = [ACTIONS.index(r.action) if r.action else -1 for r in row]
        labels[t] = np.array(actions, np.int64)
    return list(samples_of(Material(video.name, video, people, labels), labels, config.kind()))


def recogniser(learned: Learned) -> LearnedRecogniser:
    return LearnedRecogniser(learned.network, learned.card, learned.kind, "cpu")


def fine_tuned(
    rows: list[caviar_clips.Row], clips: list[PoseClip], config: TrainConfig, start: str
) -> LearnedRecogniser:
    """The last epoch's network, trained on ``clips``."""
    learned = load(start)
    network = learned.network
    training = [sample for clip in clips for sample in samples(rows, clip, config)]
    with tempfile.TemporaryDirectory() as folder:
        train(network, training, training[:1], config, Path(folder))
        last = torch.load(Path(folder) / "last.pt", weights_only=True)["network"]
    network.load_state_dict(last)
    return recogniser(learned)


def score(rows: list[caviar_clips.Row], clips: list[PoseClip], choice: Choice) -> FloatArray:
    """Scores (R, 14) by the mean of each clip's recognisers; NaN where not sampled."""
    scores = np.full((len(rows), len(ACTIONS)), np.nan)
    for places, video, people in clips:
        chosen = choice(video)
        settings = ActionConfig(every=EVERY, models=("kinematic",) * len(chosen))
        for item in recognise(people, video, settings, chosen):
            scores[places[item.index]] = item.people.action_scores
    return scores


def show(name: str, cells: dict[str, float]) -> None:
    figures = "  ".join(f"{key} {value:.3f}" for key, value in cells.items())
    print(f"{name:32s} {figures}", flush=True)


def by_track(found: list[caviar.Unit]) -> dict[str, float]:
    return {group: entry["mean"] for group, entry in caviar.accuracy(found).items()}


def dealt(names: list[str]) -> dict[str, int]:
    """The part (0..2) of every clip; clips of one sequence are in one part."""
    sequences = sorted({stem(name) for name in names})
    return {name: sequences.index(stem(name)) % PARTS for name in names}


def fine_tuned_parts(
    rows: list[caviar_clips.Row], clips: list[PoseClip], epochs: int, start: str
) -> dict[str, LearnedRecogniser]:
    """For every clip a network that has seen no clip of its part."""
    config = TrainConfig(epochs=epochs, patience=epochs, learning_rate=0.001, batch=8)
    part = dealt([video.name for _, video, _ in clips])
    tuned = [
        fine_tuned(rows, [c for c in clips if part[c[1].name] != k], config, start)
        for k in range(PARTS)
    ]
    return {name: tuned[k] for name, k in part.items()}


def kinds(tuned: dict[str, LearnedRecogniser], packaged: Recogniser) -> dict[str, Choice]:
    """The rows of the tables: for a video, the recognisers whose mean is taken."""

    def rules(video: VideoInfo) -> Recogniser:
        return Kinematic(video, ActionConfig().kinematic)

    found: dict[str, Choice] = {
        "kinematic": lambda video: (rules(video),),
        "the model as it is": lambda video: (packaged,),
    }
    if tuned:
        found["fine-tuned on other clips"] = lambda video: (tuned[video.name],)
        found["mean of that and kinematic"] = lambda video: (tuned[video.name], rules(video))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--own", type=Path, help="documents of `hie track` on the clips")
    parser.add_argument("--poses", choices=("none", *caviar_clips.MODELS), default="thunder")
    parser.add_argument("--cache", type=Path, help="folder that keeps the poses between runs")
    parser.add_argument("--epochs", type=int, default=8, help="of fine-tuning; 0: none")
    parser.add_argument("--model", default=SIMULATED, help="pose-stream-sim or a folder")
    options = parser.parse_args()
    torch.set_num_threads(1)
    set_quiet(True)
    rows = caviar_clips.read_rows(options.folder)
    pose = caviar_clips.poses(options.folder, rows, options.poses, options.cache)
    clips = list(caviar_clips.sequences(rows, pose))
    tuned = {}
    if options.epochs:
        tuned = fine_tuned_parts(rows, clips, options.epochs, options.model)
    table = kinds(tuned, recogniser(load(options.model)))
    print("True boxes as tracks: share of tracks right")
    for name, choice in table.items():
        show(name, by_track(caviar.units(rows, score(rows, clips, choice))))
    if options.own is None:
        return
    own = caviar_own.read(options.own, rows)
    found = {"recall": caviar_own.recall(rows, own)}
    for strict, kind in ((False, "AP"), (True, "AP, extra boxes wrong")):
        found[kind] = caviar_own.precision(rows, own, strict, detection=True)["AP"]
    print("\nOwn detections and tracks")
    show("people found", found)
    for name, choice in table.items():
        judged = [caviar_own.scored(clip, choice(clip.video)) for clip in own]
        show(name, by_track(caviar_own.units(rows, judged)))
        show("  frame AP", caviar_own.precision(rows, judged, strict=False))
        show("  ... extra boxes wrong", caviar_own.precision(rows, judged, strict=True))


if __name__ == "__main__":
    main()
