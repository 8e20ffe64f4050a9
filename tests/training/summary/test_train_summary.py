"""Summarisers trained on small data sets: what they reach, resumed, with splits, from videos."""

import json

import numpy as np
import pytest

from hie_cli import ConfigError, InputError, evaluate_summaries, summarize, train_summary
from hie_cli.cli.app import run
from hie_cli.core import config as settings
from hie_cli.pipeline.settings import shipped_configs
from hie_cli.summary.dataset import read_datasets
from hie_cli.summary.trained import load_scorer
from hie_cli.training.summary.settings import SummaryTraining
from tests.support.films import film
from tests.support.summaries import made_dataset

SMALL = {
    "gda.width": 16, "epochs": 3, "learning_rate": 0.01, "cycle.hidden": 6, "cycle.layers": 1,
    "cycle.pretrain": 1,
}  # fmt: skip


@pytest.fixture
def data(tmp_path):
    made_dataset(tmp_path / "tiny.h5", count=6)
    return tmp_path / "tiny.h5"


@pytest.fixture
def splits(tmp_path):
    names = [f"video_{k}" for k in range(1, 7)]
    pairs = [{"train_keys": names[:4], "test_keys": names[4:]},
             {"train_keys": names[2:], "test_keys": names[:2]}]  # fmt: skip
    (tmp_path / "splits.json").write_text(json.dumps(pairs))
    return tmp_path / "splits.json"


def test_the_shipped_settings_are_the_defaults():
    shipped = settings.load(SummaryTraining(), shipped_configs() / "train-summary.yaml")
    assert shipped == SummaryTraining()


def test_supervised_scores_follow_what_was_shown(data, tmp_path):
    """All six videos' liked scenes lie in one direction: it is learned within seconds."""
    how = {**SMALL, "gda.learn": "supervised", "epochs": 40, "batch": 1, "gda.dropout": 0.1}
    done = train_summary(data, output=tmp_path / "gda", set=how)
    assert done.numbers["tau"] > 0.5
    scorer = load_scorer(tmp_path / "gda")
    for video in read_datasets([data]):
        liked = video.gtscore > 0.5
        scores = scorer.scores(video.features)
        assert scores[liked].mean() > scores[~liked].mean() + 0.2


@pytest.mark.parametrize("network", ["sum-gda", "cycle-sum"])
def test_a_resumed_training_ends_as_an_uninterrupted_one(data, tmp_path, network):
    how = {**SMALL, "network": network}
    whole = train_summary(data, output=tmp_path / "whole", set=how)
    train_summary(data, output=tmp_path / "parts", set={**how, "epochs": 1})
    if network == "sum-gda":
        # The rate's schedule knows all epochs, so the shorter training is another one.
        (tmp_path / "parts" / "last.pt").unlink()
    parts = train_summary(data, output=tmp_path / "parts", set=how, resume=True)
    assert parts.numbers == whole.numbers
    features = read_datasets([data])[0].features
    scores = [load_scorer(tmp_path / p).scores(features) for p in ("whole", "parts")]
    assert np.array_equal(*scores)
    with pytest.raises(InputError, match="made with other settings"):
        train_summary(data, output=tmp_path / "parts", set={**how, "length": 0.5}, resume=True)


def test_splits_make_a_table(data, splits, tmp_path):
    done = train_summary(data, splits=splits, output=tmp_path / "out", set=SMALL)
    methods = [row.method for row in done.report.rows]
    assert methods == ["sum-gda unsupervised", "ctvsum", "random", "uniform", "constant", "human"]
    assert (tmp_path / "out" / "split-1" / "card.json").exists()
    again = evaluate_summaries(data, splits=splits, methods=[str(tmp_path / "out")])
    assert again.rows[0].mean == done.report.rows[0].mean
    with pytest.raises(ConfigError, match="trained on 2 splits, not on 1"):
        evaluate_summaries(data, methods=[str(tmp_path / "out")])
    with pytest.raises(ConfigError, match="already there"):
        train_summary(data, splits=splits, output=tmp_path / "out", set=SMALL)
    resumed = train_summary(data, splits=splits, output=tmp_path / "out", set=SMALL, resume=True)
    assert resumed.report.rows[0].mean == done.report.rows[0].mean


def test_videos_teach_a_summariser_of_videos(tmp_path, capsys):
    for k in range(3):
        film(tmp_path / f"{k}.avi", (k, 30 * k), (k + 5, 60), frames=15)
    (tmp_path / "bad.avi").write_bytes(b"no video")
    out = tmp_path / "own"
    paths = [str(tmp_path / f"{name}.avi") for name in (0, 1, 2, "bad")]
    sets = [part for key, value in SMALL.items() for part in ("--set", f"{key}={value}")]
    assert run(["train", "summary", *paths, "-o", str(out), *sets]) == 0
    assert f"next: hie summarize VIDEO... --method {out}" in capsys.readouterr().out
    assert len(read_datasets([out / "features.h5"])) == 3
    made = summarize(tmp_path / "0.avi", output=tmp_path / "out", method=str(out), share=0.4)
    assert made.made[0].method == str(out)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"data": []}, "nothing to learn from"),
        ({"data": ["a.h5", "b.mp4"]}, "together"),
        ({"data": ["a.mp4"], "splits": "s.json"}, "--splits are of .h5 files"),
        ({"data": ["a.h5"], "users": "u.mat"}, "--users are for the table"),
        ({"data": ["a.mp4"], "set": {"gda.learn": "supervised"}}, "videos have no scores"),
        ({"data": ["a.h5"], "set": {"length": 1.5}}, "length: 1.5"),
        ({"data": ["a.h5"], "set": {"network": "lstm"}}, "network"),
    ],
)
def test_wrong_usage_is_one_line(tmp_path, how, message):
    with pytest.raises(ConfigError, match=message):
        train_summary(output=tmp_path / "out", **how)
    assert not (tmp_path / "out" / "card.json").exists()


def test_scores_that_are_not_there_cannot_be_learned(tmp_path):
    videos = made_dataset(tmp_path / "a.h5")
    from dataclasses import replace

    from hie_cli.summary.dataset import write_dataset

    write_dataset(tmp_path / "a.h5", [replace(videos[0], gtscore=None), *videos[1:]])
    with pytest.raises(InputError, match="video_1: has no gtscore"):
        train_summary(
            tmp_path / "a.h5", output=tmp_path / "out", set={**SMALL, "gda.learn": "supervised"}
        )
