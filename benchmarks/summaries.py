"""Summaries of crowds: planted events found and ranks, for every method.

    python benchmarks/summaries.py prepare WORK --split test   # renders, describes, recognises
    python benchmarks/summaries.py events WORK                 # the table

What is there is not made again, so an interrupted call goes on where it was. Videos of the split
``train`` are for choosing and learning, those of ``test`` (styles that ``train`` has not) for the
table.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from planted_events import FPS, PlantedVideo, planted, thinned

import hie_cli
from hie_cli.core.config import as_dict
from hie_cli.core.types import VideoInfo
from hie_cli.evaluation.metrics.summary_overlap import rank_correlation
from hie_cli.formats.documents.document import Document, Header
from hie_cli.formats.documents.writer import DocumentWriter
from hie_cli.retrieval.features import Describer
from hie_cli.simulation.observe import observe
from hie_cli.simulation.render import render
from hie_cli.summary.crowd import CrowdSignals, signals_of_document
from hie_cli.summary.dataset import SummaryVideo, write_dataset
from hie_cli.summary.networks import diversity
from hie_cli.summary.protocol import SEEDS, uniform_choice
from hie_cli.summary.saliency import crowd_saliency
from hie_cli.summary.samples import RATE, Samples, sample_frames
from hie_cli.summary.scorers import centred, ctvsum
from hie_cli.summary.selection import choose_shots, frame_scores
from hie_cli.summary.shots import shots_of
from hie_cli.summary.trained import TrainedScorer, is_trained, load_scorer
from hie_cli.training.summary.settings import CycleConfig, GdaConfig, SummaryTraining
from hie_cli.training.summary.train_summary import train_summary

SHARE = 0.15


def attention_weights(features: np.ndarray) -> np.ndarray:
    """d of SUM-GDA over the other samples, queries and keys being the centred features."""
    rows = torch.from_numpy(centred(features))
    return diversity((DEFAULT_SCALE * rows @ rows.T).softmax(-1), itself=False).numpy()


def from_the_mean(features: np.ndarray) -> np.ndarray:
    """How far a sample's features are from the video's mean."""
    return np.linalg.norm(centred(features), axis=1)


DEFAULT_SCALE = GdaConfig.scale
UNTRAINED = {
    "ctvsum": ctvsum, "distance from the mean": from_the_mean,
    "weights of the attention": attention_weights,
}  # fmt: skip
STRIDE = round(FPS / RATE)


def prepare(work: Path, split: str, count: int, seconds: float) -> None:
    """Samples and action documents of the split's videos, until the time is over."""
    begin = time.monotonic()
    describer = Describer()
    for seed in range(count):
        name = f"{split}-{seed}"
        samples, document = work / f"{name}.npz", work / "action" / f"{name}.json"
        if samples.exists() and document.exists():
            continue
        if time.monotonic() - begin > seconds:
            print(f"stopped before {name}; call again")
            return
        video = planted(seed, split)  # type: ignore[arg-type] # checked by argparse
        _recognised(video, document, name)
        _described(video, samples, describer)
        print(f"{name}: {time.monotonic() - begin:.0f} s", flush=True)


def _described(video: PlantedVideo, path: Path, describer: Describer) -> None:
    info = video.crowd.info
    made = sample_frames(render(thinned(video.crowd, STRIDE)), info, describer)
    events = [(e.kind, e.first, e.last) for e in video.events]
    with path.open("wb") as file:
        np.savez(
            file, picks=made.picks * STRIDE, features=made.features, motion=made.motion,
            truth=video.truth, kinds=[e[0] for e in events], spans=[e[1:] for e in events],
        )  # fmt: skip


def _recognised(video: PlantedVideo, path: Path, name: str) -> None:
    """What a tracker would make of the crowd, and the actions that hie recognises in that."""
    crowd = video.crowd.info
    info = VideoInfo(name, crowd.width, crowd.height, crowd.fps, crowd.num_frames)
    path.parent.mkdir(parents=True, exist_ok=True)
    frames = hie_cli.recognise(observe(video.crowd), video=info)
    with DocumentWriter(path, Header("action", info)) as writer:
        for frame in frames:
            writer.write(frame)


def load(work: Path, split: str) -> dict[str, tuple[Samples, Document, dict]]:
    """By name: samples, document, and truth, kinds and spans of the events."""
    found = {}
    for path in sorted(work.glob(f"{split}-*.npz"), key=lambda p: int(p.stem.rpartition("-")[2])):
        with np.load(path) as data:
            held = {name: data[name] for name in data.files}
        document = Document(work / "action" / f"{path.stem}.json")
        info = document.header.video
        samples = Samples(info, info.num_frames, held["picks"], held["features"], held["motion"])
        found[path.stem] = samples, document, held
    return found


def scored(
    sample_scores: np.ndarray, samples: Samples, held: dict, shots: np.ndarray
) -> np.ndarray:
    """tau, rho, events of which half is in the summary, mean share of events in it."""
    truth = held["truth"][samples.picks].astype(float)
    tau, rho = rank_correlation(sample_scores, truth[None])
    frames = frame_scores(sample_scores, samples.picks, samples.num_frames)
    chosen = choose_shots(frames, shots, SHARE, "total").frames
    return np.array([tau, rho, *_covered(chosen, held)])


def _covered(chosen: np.ndarray, held: dict) -> tuple[float, float]:
    shares = np.array([chosen[first:last].mean() for first, last in held["spans"]])
    return float((shares >= 0.5).mean()), float(shares.mean())


def _uniform(samples: Samples, held: dict, shots: np.ndarray) -> np.ndarray:
    video = SummaryVideo("", samples.features, samples.picks, samples.num_frames, shots)
    return np.array([0.0, 0.0, *_covered(uniform_choice(video, SHARE), held)])


def _random(samples: Samples, held: dict, shots: np.ndarray) -> np.ndarray:
    draws = [np.random.default_rng(seed).random(len(samples)) for seed in range(SEEDS)]
    return np.mean([scored(draw, samples, held, shots) for draw in draws], axis=0)


def trainings(seed: int) -> dict[str, SummaryTraining]:
    """What is trained on the split ``train``, by its row's name; small enough for a CPU."""
    base = SummaryTraining(
        epochs=20, batch=2, learning_rate=0.001, validation=0.0, patience=10_000, seed=seed,
        gda=GdaConfig(width=128, dropout=0.3),
    )  # fmt: skip

    def gda(**changed: object) -> SummaryTraining:
        return replace(base, gda=replace(base.gda, **changed))  # type: ignore[arg-type]

    published = gda(
        scale=0.0, itself=True, tied=False, count_weights=False, residual=False, norm=True,
        repelling="features",
    )  # fmt: skip
    return {
        "sum-gda": base,
        "sum-gda, as published": replace(published, centred=False),
        "sum-gda, supervised": gda(learn="supervised"),
        "cycle-sum": replace(
            base, network="cycle-sum", epochs=5, cycle=CycleConfig(hidden=48, layers=2, pretrain=2)
        ),
        "sum-gda, not centred": replace(base, centred=False),
        "sum-gda, over all samples": gda(itself=True),
        "sum-gda, not tied": gda(tied=False),
        "sum-gda, scale 1 / sqrt(width)": gda(scale=0.0),
        "sum-gda, scale 30": gda(scale=30.0),
        "sum-gda, d instead of n d": gda(count_weights=False),
        "sum-gda, residual": gda(residual=True),
        "sum-gda, first norm": gda(norm=True),
        "sum-gda, features repel": gda(repelling="features"),
        "sum-gda, scores repel": gda(repelling="scores"),
        "sum-gda, variance": gda(variance_weight=0.3),
    }


def trained(work: Path, seconds: float, seed: int) -> dict[str, TrainedScorer]:
    """The summarisers of ``trainings``, trained where they are not there yet."""
    begin = time.monotonic()
    planned = trainings(seed)
    places = {name: work / f"trained-{seed}" / name.replace(" ", "-") for name in planned}
    if any(not is_trained(place) for place in places.values()):
        videos = [
            SummaryVideo(
                name, samples.features, samples.picks, samples.num_frames,
                shots_of(samples, SHARE), held["truth"][samples.picks].astype(np.float32),
            )
            for name, (samples, _, held) in load(work, "train").items()
        ]  # fmt: skip
        write_dataset(work / "train.h5", videos)
    for name, how in planned.items():
        if is_trained(places[name]):
            continue
        if time.monotonic() - begin > seconds:
            print(f"stopped before {name}; call again")
            break
        done = train_summary(work / "train.h5", output=places[name], set=flat(how), resume=True)
        print(f"{name}: {done.numbers}, {time.monotonic() - begin:.0f} s", flush=True)
    return {name: load_scorer(place) for name, place in places.items() if is_trained(place)}


def flat(how: SummaryTraining) -> dict[str, object]:
    """Settings as single ones."""
    values = as_dict(how)
    sections = {name: values.pop(name) for name in ("gda", "cycle")}
    inner = {f"{s}.{k}": v for s, section in sections.items() for k, v in section.items()}
    return {**values, **inner}


def events(work: Path, split: str, seconds: float, seed: int) -> None:
    """The table: every method on every video of the split; means, and the worst kind of event."""
    scorers = trained(work, seconds, seed)
    rows: dict[str, list[np.ndarray]] = {}
    for name, (samples, document, held) in load(work, split).items():
        cached = work / f"rows-{seed}" / f"{name}.npz"
        known: dict[str, np.ndarray] = {}
        if cached.exists():
            with np.load(cached) as data:
                known = {key: data[key] for key in data.files}
        signals, shots = None, shots_of(samples, SHARE)
        for method in ("random", "uniform", *UNTRAINED, "crowd", "crowd, pictures alone", *scorers):
            if method not in known:
                if method == "random":
                    known[method] = _random(samples, held, shots)
                elif method == "uniform":
                    known[method] = _uniform(samples, held, shots)
                else:
                    if method.startswith("crowd") and signals is None:
                        signals = signals_of_document(document, samples)
                    made = _scores(method, samples, signals, scorers)
                    known[method] = scored(made, samples, held, shots)
            rows.setdefault(method, []).append(known[method])
        cached.parent.mkdir(exist_ok=True)
        with cached.open("wb") as file:
            np.savez(file, **known)
    print(f"{len(next(iter(rows.values())))} videos of the split {split}, share {SHARE}")
    print(f"{'':34}    tau    rho  found  share")
    for method, values in rows.items():
        print(f"{method:34}", *(f"{value:6.3f}" for value in np.mean(values, axis=0)))


def _scores(
    method: str, samples: Samples, signals: CrowdSignals | None, scorers: dict[str, TrainedScorer]
) -> np.ndarray:
    if method in UNTRAINED:
        return UNTRAINED[method](samples.features)
    if method in scorers:
        return scorers[method].scores(samples.features)
    assert signals is not None
    if method == "crowd":
        return crowd_saliency(samples, signals).scores
    unknown = np.full(len(samples), np.nan)
    blind = CrowdSignals(unknown, unknown, unknown, unknown, signals.action)
    return crowd_saliency(samples, blind).scores


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("prepare", "events"):
        made = commands.add_parser(name)
        made.add_argument("work", type=Path)
        made.add_argument("--split", choices=("train", "test"), default="test")
        made.add_argument("--seconds", type=float, default=780, help="begin nothing after these")
        if name == "prepare":
            made.add_argument("--count", type=int, default=30)
        else:
            made.add_argument("--seed", type=int, default=0, help="of the trainings")
    given = parser.parse_args()
    if given.command == "prepare":
        given.work.mkdir(parents=True, exist_ok=True)
        prepare(given.work, given.split, given.count, given.seconds)
    else:
        events(given.work, given.split, given.seconds, given.seed)


if __name__ == "__main__":
    main()
