"""The evaluation as a whole on small worlds in memory: tracks, sequences, bootstrap, reports."""

import csv
import dataclasses
import io
import json

import numpy as np
import pytest
import yaml

from hie_cli.core.config import as_dict, load
from hie_cli.core.errors import ConfigError, InputError
from hie_cli.core.types import Annotations, FramePeople, People, TruthSequence
from hie_cli.evaluation import report, text_tables
from hie_cli.evaluation.bootstrap import compare, draws, intervals, resampled
from hie_cli.evaluation.evaluate import evaluate, paired
from hie_cli.evaluation.settings import BootstrapConfig, EvalConfig
from hie_cli.evaluation.timeline import ABSENT, MISSED, timeline
from hie_cli.evaluation.tracks import chosen
from tests.support.paths import ROOT

FRAMES = 21
CONFIG = EvalConfig(bootstrap=BootstrapConfig(samples=60))


def sequence(seed, noise=0.0, missed=0.0):
    """Three people walking in parallel with poses, ids and actions, and a view of them."""
    rng = np.random.default_rng(seed)
    truth, people = [], []
    for t in range(FRAMES):
        left = np.array([0.0, 100.0, 200.0]) + 2 * t
        boxes = np.stack([left, np.full(3, 10.0), left + 30, np.full(3, 90.0)], 1)
        pose = boxes[:, None, :2] + np.linspace(0, 1, 14)[:, None] * (30.0, 80.0)
        actions = np.array([0, 8, 10])
        truth.append(
            Annotations(
                boxes, [1, 2, 3], [False] * 3, pose, np.ones((3, 14)),
                actions if t % 20 == 0 else None,
            )
        )  # fmt: skip
        seen = rng.random(3) >= missed
        view = People(
            boxes + rng.normal(0, noise, boxes.shape),
            rng.uniform(0.5, 1, 3),
            np.array([7, 8, 9]),
            pose + rng.normal(0, noise, pose.shape),
            rng.uniform(0.5, 1, (3, 14)),
            np.clip(np.eye(14)[actions] + rng.normal(0, 0.02 * noise, (3, 14)), 0, 1),
        )
        people.append(FramePeople(t, view[seen]))
    return TruthSequence("", tuple(truth)), tuple(people)


def world(noise=0.0, missed=0.0, names=("2", "10", "1")):
    made = {name: sequence(i, noise, missed) for i, name in enumerate(names)}
    truth = {n: dataclasses.replace(t, name=n) for n, (t, _) in made.items()}
    return truth, {n: p for n, (_, p) in made.items()}


@pytest.fixture(scope="module")
def noisy():
    return evaluate(*world(noise=4.0, missed=0.1), config=CONFIG)


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


def test_intervals_hold_the_figure_and_shrink_to_it_for_equal_sequences(noisy):
    spans = intervals(noisy.tracks["1"], CONFIG.bootstrap)
    for figure in ("MOTA", "IDF1", "HOTA"):
        low, high = spans.pooled[figure]
        assert low <= noisy.tracks["1"].pooled.scalars[figure] <= high
    same, results = world(noise=4.0, names=("1",))
    twins = evaluate(
        {"1": same["1"], "2": same["1"]}, {"1": results["1"], "2": results["1"]}, CONFIG
    )
    for key, track in twins.tracks.items():
        for low, high in intervals(track, CONFIG.bootstrap).pooled.values():
            assert high == pytest.approx(low, abs=1e-9, nan_ok=True), key
    alone = evaluate({"1": same["1"]}, {"1": results["1"]}, CONFIG)
    assert intervals(alone.tracks["1"], CONFIG.bootstrap) is None


def test_resampling_every_sequence_once_gives_the_figures_themselves(noisy):
    once = np.ones((1, 3), np.int64)
    for key, track in noisy.tracks.items():
        for name, values in resampled(track, once).items():
            expected = track.pooled.scalars[name]
            # COCO ranks ties by row where the bins group them; joint scores have no ties here.
            assert values[0] == pytest.approx(expected, abs=1e-6, nan_ok=True), (key, name)


def test_draws_are_reproducible_and_whole():
    config = BootstrapConfig(samples=50, seed=3)
    assert (draws(4, config) == draws(4, config)).all()
    assert (draws(4, config).sum(axis=1) == 4).all()


def test_comparison_finds_the_better_one():
    good, bad = (
        evaluate(*world(noise, missed), config=CONFIG) for noise, missed in ((1.0, 0.0), (6.0, 0.3))
    )
    for key, figure in (("detection", "AP"), ("1", "MOTA"), ("2", "AP@avg"), ("3", "MOTA")):
        difference = compare(good.tracks[key], bad.tracks[key], CONFIG.bootstrap).pooled[figure]
        assert difference.verdict == "A"
        assert difference.a_better == 1.0
        assert difference.interval[0] > 0
        turned = compare(bad.tracks[key], good.tracks[key], CONFIG.bootstrap).pooled[figure]
        assert turned.verdict == "B"
    miss = compare(good.tracks["detection"], bad.tracks["detection"], CONFIG.bootstrap)
    assert miss.pooled["MR-2"].verdict == "A"  # lower is better
    same = compare(good.tracks["1"], good.tracks["1"], CONFIG.bootstrap).pooled["MOTA"]
    assert (same.verdict, same.a_better, same.interval) == ("-", 0.5, (0.0, 0.0))
    table = text_tables.comparison_table({"1": miss}, {"1": good.tracks["detection"]}, 0.95)
    assert "P(A better)" in table


def test_json_is_plain_and_holds_everything(noisy):
    cis = {key: intervals(track, CONFIG.bootstrap) for key, track in noisy.tracks.items()}
    record = json.loads(json.dumps(report.as_json(noisy, cis), allow_nan=False))
    assert record["hie_eval"] == 1
    assert set(record["tracks"]) == {"detection", "1", "2", "3", "4"}
    one = record["tracks"]["1"]
    assert set(one) == {
        "title", "headline", "pooled", "mean", "sequences", "formulas", "series", "ci"
    }  # fmt: skip
    assert list(one["sequences"]) == ["1", "2", "10"]
    assert one["pooled"]["GT"] == 189
    assert len(one["series"]["HOTA"]) == 19
    low, high = one["ci"]["pooled"]["MOTA"]
    assert low <= one["pooled"]["MOTA"] <= high
    # A class that nobody does has no AP; JSON has null for it.
    assert record["tracks"]["4"]["pooled"]["AP@avg/riding"] is None


def test_weighted_figures_carry_their_formula_and_are_not_official(noisy):
    text = text_tables.as_table(noisy, {})
    for name in ("w_MOTA", "w_AP", "wf_mAP"):
        assert f"{name}, not official: " in text
    assert "% w_AP, not official" in report.as_latex(noisy)


def test_csv_and_latex(noisy):
    lines = list(csv.DictReader(io.StringIO(report.as_csv(noisy, {}))))
    values = {(row["track"], row["sequence"], row["figure"]): row["value"] for row in lines}
    assert float(values["1", "pooled", "MOTA"]) == noisy.tracks["1"].pooled.scalars["MOTA"]
    assert values["4", "pooled", "AP@avg/riding"] == ""
    latex = report.as_latex(noisy)
    assert latex.count(r"\begin{tabular}") == latex.count(r"\end{tabular}") == 5
    assert r"w\_MOTA" in latex


def test_timeline_by_hand():
    box = np.array([[0.0, 0.0, 10.0, 10.0]])

    def true(*ids):
        return Annotations(box.repeat(len(ids), 0), list(ids), [False] * len(ids))

    def seen(*ids):
        return People(box.repeat(len(ids), 0), np.ones(len(ids)), np.array(ids, int))

    frames = [(true(4), seen(7)), (true(4), seen()), (true(), seen(7)), (true(4), seen(8))]
    line = timeline(frames, 0.5)
    assert line.truth_ids.tolist() == [4]
    assert line.followed.tolist() == [[7, MISSED, ABSENT, 8]]
    assert timeline([], 0.5).followed.shape == (0, 0)


def test_yaml_lists_every_option_with_its_default():
    path = ROOT / "configs" / "eval.yaml"
    assert yaml.safe_load(path.read_text()) == as_dict(EvalConfig())
    assert load(EvalConfig(), [path]) == EvalConfig()
    with pytest.raises(ConfigError, match="alphas"):
        load(EvalConfig(), sets=["pose.alphas=[0]"])


@pytest.mark.parametrize("ci", [False, True])
def test_no_line_of_a_table_is_longer_than_100_characters(noisy, ci):
    name = "a_sequence_with_a_name_of_sixty_characters_as_some_cameras_give"
    tracks = {
        key: dataclasses.replace(
            result, sequences={name if n == "2" else n: f for n, f in result.sequences.items()}
        )
        for key, result in noisy.tracks.items()
    }
    long = dataclasses.replace(noisy, tracks=tracks)
    cis = {k: intervals(r, CONFIG.bootstrap) for k, r in noisy.tracks.items()} if ci else {}
    lines = text_tables.as_table(long, cis).splitlines()
    tables = [line for line in lines if "not official" not in line]
    assert max(map(len, tables)) <= 100
    assert any("a_sequence_with" in line and "cameras_give" in line for line in lines)
    for figure in ("w_AP@0.75", "wf_mAP@0.6", "Frag", "MR-2"):
        assert any(figure in line for line in lines), figure


def test_people_without_annotated_joints_are_told_and_cost_nothing():
    truth, people = sequence(0)
    frames = []
    for frame in truth.frames:
        joints, seen = frame.keypoints.copy(), frame.visibility.copy()
        joints[0], seen[0] = np.nan, -1  # the first of three people
        frames.append(dataclasses.replace(frame, keypoints=joints, visibility=seen))
    bare = {"a": TruthSequence("a", tuple(frames))}
    scored = evaluate(bare, {"a": people}, EvalConfig(), ("3",))
    assert scored.tracks["3"].pooled.scalars["MOTA"] == pytest.approx(1.0)
    (note,) = scored.notes
    assert note.startswith(f"a: {FRAMES} of {3 * FRAMES} true people have no annotated joint")
    wrong = evaluate(bare, {"a": people}, EvalConfig(unposed="wrong"), ("3",))
    # Of each joint 3 are predicted in a frame, 2 of them right, 2 are true.
    assert wrong.tracks["3"].pooled.scalars["MOTA"] == pytest.approx(1 - 1 / 2)


def test_poses_are_not_mentioned_where_only_boxes_are_scored():
    truth, people = sequence(0)
    bare = dataclasses.replace(truth.frames[0], keypoints=np.full((3, 14, 2), np.nan))
    mixed = {"a": TruthSequence("a", (bare, *truth.frames[1:]))}
    assert evaluate(mixed, {"a": people}, EvalConfig(), ("1",)).notes == ()
