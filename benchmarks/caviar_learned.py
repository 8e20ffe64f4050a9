"""pose-stream on CAVIAR's real clips: as packaged (simulation only), and fine-tuned on other clips.

    python benchmarks/caviar_learned.py DIR --poses thunder --cache CACHE [--epochs 12]

DIR and the units are those of caviar.py, as are the true boxes as tracks. For fine-tuning the clips
are dealt into three parts that share no CAVIAR sequence; each part is scored by a model fine-tuned
on the other two, for a fixed number of epochs (nothing is chosen by looking at the scored part).
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent))
import caviar

from hie_cli.actions import ACTIONS
from hie_cli.progress import set_quiet
from hie_cli.recognition.base import Recogniser
from hie_cli.recognition.kinematic import Kinematic
from hie_cli.recognition_models.loading import SIMULATED, Learned, load
from hie_cli.recognition_models.recogniser import LearnedRecogniser
from hie_cli.stages.action import ActionConfig, recognise
from hie_cli.training.data import Material
from hie_cli.training.loop import train
from hie_cli.training.samples import Sample, samples_of
from hie_cli.training.settings import TrainConfig
from hie_cli.types import FloatArray, FramePeople, VideoInfo

Clip = tuple[list[list[int]], VideoInfo, list[FramePeople]]
PARTS = 3
EVERY = 5


def stem(video: VideoInfo) -> str:
    """The CAVIAR sequence a clip was cut from: several clips share one."""
    return video.name.rsplit("_", 1)[0]


def samples(rows: list[caviar.Row], clip: Clip, config: TrainConfig) -> list[Sample]:
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
    rows: list[caviar.Row], clips: list[Clip], config: TrainConfig, start: str
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


def score(
    rows: list[caviar.Row], clips: list[Clip], models: dict[str, tuple[Recogniser, ...]]
) -> FloatArray:
    """Scores (R, 14) with each clip's models, equally weighted; NaN where not sampled."""
    scores = np.full((len(rows), len(ACTIONS)), np.nan)
    for places, video, people in clips:
        chosen = models[video.name]
        settings = ActionConfig(every=EVERY, model=("kinematic",) * len(chosen))
        for item in recognise(people, video, settings, chosen):
            scores[places[item.frame_index]] = item.people.action_scores
    return scores


def show(name: str, rows: list[caviar.Row], scores: FloatArray) -> None:
    found = caviar.accuracy(caviar.units(rows, scores))
    cells = [f"{group} {v['mean']:.2f} ({int(v['tracks'])})" for group, v in found.items()]
    print(f"{name:34s} " + "  ".join(cells), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--poses", choices=("none", *caviar.MODELS), default="thunder")
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--start", default=SIMULATED, help="pose-stream-sim or a folder")
    options = parser.parse_args()
    torch.set_num_threads(1)
    set_quiet(True)
    rows = caviar.read_rows(options.folder)
    pose = caviar.poses(options.folder, rows, options.poses, options.cache)
    clips = list(caviar.sequences(rows, pose))
    rules = {v.name: Kinematic(v, ActionConfig().kinematic) for _, v, _ in clips}
    packaged = recogniser(load(options.start))
    show("kinematic", rows, score(rows, clips, {n: (r,) for n, r in rules.items()}))
    show("as packaged", rows, score(rows, clips, dict.fromkeys(rules, (packaged,))))
    config = TrainConfig(
        epochs=options.epochs, patience=options.epochs, learning_rate=0.001, batch=8, balance=True
    )
    sequences = sorted({stem(video) for _, video, _ in clips})
    tuned: dict[str, LearnedRecogniser] = {}
    for part in range(PARTS):
        aside = set(sequences[part::PARTS])
        learned = fine_tuned(
            rows, [c for c in clips if stem(c[1]) not in aside], config, options.start
        )
        tuned |= {v.name: learned for _, v, _ in clips if stem(v) in aside}
    show("fine-tuned on other clips", rows, score(rows, clips, {n: (tuned[n],) for n in rules}))
    rules = {v.name: Kinematic(v, ActionConfig().kinematic) for _, v, _ in clips}
    both = {n: (tuned[n], rules[n]) for n in rules}
    show("fine-tuned and kinematic, mean", rows, score(rows, clips, both))


if __name__ == "__main__":
    main()
