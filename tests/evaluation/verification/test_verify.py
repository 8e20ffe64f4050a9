"""The references agree with us on random crowds, and a difference is found and told."""

import dataclasses

import numpy as np
import pytest

from hie_cli.core.annotations import Annotations, TruthSequence
from hie_cli.core.types import FramePeople, People
from hie_cli.evaluation import report, text_tables
from hie_cli.evaluation.evaluate import evaluate
from hie_cli.evaluation.metrics.oks_ap import OksConfig
from hie_cli.evaluation.settings import BoxConfig, DetectionConfig, EvalConfig
from hie_cli.evaluation.track_results import Evaluation
from hie_cli.evaluation.verification import verify as verification
from hie_cli.evaluation.verification.reference import Check
from hie_cli.evaluation.verification.verify import verify
from tests.support.annotated_crowds import annotations, crowd, people


def world(seeds=(0, 1), **options):
    """Sequences by name, with boxes, identities and poses on both sides."""
    made = {str(seed): crowd(seed, frames=12, joints=True, **options) for seed in seeds}
    return {n: t for n, (t, _) in made.items()}, {n: tuple(p) for n, (_, p) in made.items()}


def differences(truth, results, config=EvalConfig()):  # noqa: B008  it is frozen
    found = verify(evaluate(truth, results, config), truth, results)
    assert {check.package for check in found.checks} >= {"pycocotools"}
    assert found.checks
    return found.differences


@pytest.mark.parametrize("seed", range(6))
def test_all_agree(seed):
    options = {"grid": (None, 10.0)[seed % 2], "ignored": 0.2, "unannotated": 0.1}
    assert differences(*world((seed, seed + 50), **options), config=EvalConfig()) == ()


@pytest.mark.parametrize(
    "config",
    [
        EvalConfig(ignore="match"),
        EvalConfig(detection=DetectionConfig(max_detections=3, ignore="crowd")),
        EvalConfig(detection=DetectionConfig(max_detections=0, ignore="drop")),
        EvalConfig(box=BoxConfig(iou=0.7)),
        EvalConfig(oks=OksConfig(joints="visible", area_factor=0.53, max_people=5)),
    ],
    ids=["match", "crowd", "drop", "iou", "oks"],
)
def test_all_agree_under_other_options(config):
    assert differences(*world((3, 4), ignored=0.3), config=config) == ()


def test_empty_sequences_agree():
    nobody = TruthSequence("a", (Annotations.empty(), annotations([[0, 0, 9, 9]], [1])))
    somebody = (FramePeople(0, people([[0, 0, 9, 9]], [3])), FramePeople(1, People.empty()))
    truth, results = world((0,))
    assert differences({"a": nobody, **truth}, {"a": somebody, **results}) == ()
    assert differences({"a": nobody, **truth}, {"a": (), **results}) == ()


def tampered(found: Evaluation) -> Evaluation:
    """The evaluation with one switch too many in sequence 1."""
    track = found.tracks["1"]
    one = track.sequences["1"]
    wrong = dataclasses.replace(one, counts={**one.counts, "IDSW": one.counts["IDSW"] + 1})
    track = dataclasses.replace(track, sequences={**track.sequences, "1": wrong})
    return dataclasses.replace(found, tracks={**found.tracks, "1": track})


def test_a_difference_is_found_and_told():
    pytest.importorskip("trackeval")
    truth, results = world()
    found = verify(tampered(evaluate(truth, results, EvalConfig())), truth, results)
    (only,) = found.differences
    assert (only.package, only.track, only.sequence, only.figure) == ("trackeval", "1", "1", "IDSW")
    assert only.ours == only.theirs + 1
    assert "1 differ" in text_tables.verification_table(found)
    (record,) = report.verification_json(found)["differences"]
    assert record["figure"] == "IDSW"


def test_what_is_not_installed_is_said(monkeypatch):
    monkeypatch.setattr(verification, "find_spec", lambda name: None)
    truth, results = world((0,))
    found = verify(evaluate(truth, results, EvalConfig()), truth, results)
    assert found.checks == ()
    assert "trackeval is not installed" in found.skipped
    assert "nothing was verified" in text_tables.verification_table(found)


def test_undefined_on_both_sides_is_equal():
    check = Check("p", "1", "s", "AP", np.nan, np.nan)
    assert check.equal
    assert not dataclasses.replace(check, theirs=0.0).equal
    assert not dataclasses.replace(check, ours=1e-8, theirs=0.0).equal
