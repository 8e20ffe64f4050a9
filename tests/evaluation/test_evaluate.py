"""The evaluation as a whole on small worlds in memory: tracks, sequences, pooling."""

import dataclasses

import pytest
import yaml

from hie_cli.core.annotations import TruthSequence
from hie_cli.core.config import as_dict, load
from hie_cli.core.errors import ConfigError, InputError
from hie_cli.core.types import FramePeople, People
from hie_cli.evaluation.evaluate import evaluate, paired
from hie_cli.evaluation.settings import EvalConfig
from hie_cli.evaluation.tracks import chosen
from tests.support.paths import ROOT
from tests.support.scored_world import CONFIG, world


def test_perfect_results_are_one_on_every_track():
    result = evaluate(*world(), config=EvalConfig())
    assert list(result.tracks) == ["detection", "1", "2", "3", "4"]
    for key, figures in {
        "detection": ("AP", "AP50", "AP75", "AR", "recall@0.5"),
        "1": ("MOTA", "IDF1", "HOTA", "DetA", "AssA", "MOTP", "w_MOTA"),
        "2": ("AP@avg", "AP@0.5", "AP@0.9", "w_AP@avg", "OKS_AP", "OKS_AR"),
        "3": ("MOTA", "MOTP", "AP@avg", "HOTA", "IDF1", "precision", "recall"),
        "4": ("f_mAP@avg", "f_mAP@0.75", "wf_mAP@avg"),
    }.items():
        track = result.tracks[key]
        for figure in figures:
            assert track.pooled.scalars[figure] == pytest.approx(1.0, abs=1e-5), (key, figure)
            assert track.mean[figure] == pytest.approx(1.0, abs=1e-5), (key, figure)
    # Three people in 21 frames of three videos; frames 0 and 20 of each carry actions.
    assert result.tracks["1"].pooled.counts["GT"] == 3 * 21 * 3
    assert result.tracks["4"].pooled.counts["frames"] == 2 * 3
    assert result.tracks["4"].pooled.counts["instances/fighting"] == 2 * 3


def test_sequences_come_in_natural_order_and_their_order_does_not_matter(noisy):
    assert list(noisy.tracks["1"].sequences) == ["1", "2", "10"]
    truth, results = world(noise=4.0, missed=0.1)
    turned = evaluate(dict(reversed(truth.items())), dict(reversed(results.items())), CONFIG)
    for key, track in noisy.tracks.items():
        assert turned.tracks[key].pooled.scalars == pytest.approx(track.pooled.scalars, nan_ok=True)


def test_mean_is_over_sequences_and_pooled_over_counts(noisy):
    track = noisy.tracks["1"]
    each = [figures.scalars["MOTA"] for figures in track.sequences.values()]
    assert track.mean["MOTA"] == pytest.approx(sum(each) / 3)
    counts = track.pooled.counts
    errors = counts["FP"] + counts["FN"] + counts["IDSW"]
    assert track.pooled.scalars["MOTA"] == pytest.approx(1 - errors / counts["GT"])


def test_each_sequence_is_read_once_and_alone():
    reads = []

    class Lazy(dict):
        def __getitem__(self, name):
            reads.append(name)
            return super().__getitem__(name)

    truth, results = world()
    evaluate(Lazy(truth), results, EvalConfig())
    assert reads == ["1", "2", "10"]


def test_missing_and_extra_sequences_are_listed():
    truth, results = world()
    del results["10"], results["2"]
    results["x"] = ()
    with pytest.raises(InputError, match=r"missing from the results: 2, 10; not in the truth: x;"):
        evaluate(truth, results, EvalConfig())
    scored = evaluate(truth, results, EvalConfig(), allow_missing=True)
    assert list(scored.tracks["1"].sequences) == ["1"]
    assert len(scored.notes) == 2
    with pytest.raises(InputError, match="missing"):
        paired({"a": 1}, {"b": 1}, allow_missing=True)


def test_tracks_are_those_that_both_sides_hold():
    truth, results = world()
    boxes = {
        n: tuple(FramePeople(f.index, People(f.people.boxes, f.people.scores)) for f in frames)
        for n, frames in results.items()
    }
    assert list(evaluate(truth, boxes, EvalConfig()).tracks) == ["detection"]
    with pytest.raises(InputError, match=r"results of 1, 2, 10 hold no track ids"):
        evaluate(truth, boxes, EvalConfig(), chosen=("1",))
    mixed = {**results, "2": boxes["2"]}
    with pytest.raises(InputError, match=r"results of 2 hold no track ids"):
        evaluate(truth, mixed, EvalConfig())


def test_results_without_anybody_are_scored_as_misses():
    truth, _ = world(names=("1",))
    result = evaluate(truth, {"1": ()}, EvalConfig())
    assert list(result.tracks) == ["detection", "1", "2", "3", "4"]
    assert result.tracks["1"].pooled.scalars["MOTA"] == 0.0  # 1 - 63 misses / 63
    assert result.tracks["2"].pooled.scalars["AP@avg"] == 0.0
    assert result.tracks["4"].pooled.scalars["f_mAP@avg"] == 0.0


def test_truth_without_the_chosen_track():
    truth, results = world(names=("1",))
    bare = TruthSequence(
        "1", tuple(dataclasses.replace(f, actions=None) for f in truth["1"].frames)
    )
    with pytest.raises(InputError, match="truth holds no actions"):
        evaluate({"1": bare}, results, EvalConfig(), chosen=("4",))


def test_track_names():
    assert chosen("all") == ()
    assert chosen("1, 4") == ("1", "4")
    with pytest.raises(ConfigError, match="unknown track"):
        chosen("5")


def test_yaml_lists_every_option_with_its_default():
    path = ROOT / "configs" / "eval.yaml"
    assert yaml.safe_load(path.read_text()) == as_dict(EvalConfig())
    assert load(EvalConfig(), [path]) == EvalConfig()
    with pytest.raises(ConfigError, match="alphas"):
        load(EvalConfig(), sets=["pose.alphas=[0]"])
