import numpy as np
import pytest

import hie_cli
from hie_cli.core.annotations import Annotations, TruthSequence
from hie_cli.core.errors import InputError
from hie_cli.core.types import FramePeople, People
from hie_cli.evaluation.evaluate import evaluate
from hie_cli.evaluation.inputs import load_inputs
from hie_cli.evaluation.length import labelled, reaching
from hie_cli.evaluation.settings import EvalConfig

NOBODY = Annotations.empty()
OPEN = TruthSequence("20", (NOBODY,) * 3, open_end=True)
LATE = (FramePeople(7, People.empty()),)


def test_an_open_end_reaches_the_last_prediction() -> None:
    """3 frames of truth, a prediction in frame 7: 8 frames, 5 of them new and annotated."""
    longer, note = reaching(OPEN, LATE)
    assert [frame.annotated for frame in longer.frames] == [True] * 8
    assert "20: the truth states no length and ends with frame 2; frames up to 7" in note
    assert reaching(OPEN, ()) == (OPEN, "")


def test_a_stated_length_stays() -> None:
    stated = TruthSequence("20", (NOBODY,) * 3)
    assert reaching(stated, LATE) == (stated, "")


def test_a_given_length() -> None:
    longer, note = reaching(OPEN, (), 5)
    assert (len(longer.frames), longer.open_end, note) == (5, False, "")
    with pytest.raises(InputError, match="lengths gives it 2 frames, its truth has 3"):
        reaching(OPEN, (), 2)


def test_a_false_positive_after_the_last_annotated_frame(tmp_path) -> None:
    """Frames 0 and 1 are right; the box in frame 4 is wrong: FP 1, MOTA = 1 - 1 / 2."""
    (tmp_path / "gt").mkdir()
    (tmp_path / "gt" / "20.txt").write_text("0,1,0,0,20,40,1\n1,1,0,0,20,40,1\n")
    results = tmp_path / "20.txt"
    results.write_text("".join(f"{t},1,0,0,20,40,0.9\n" for t in (0, 1, 4)))
    inputs = load_inputs(tmp_path / "gt", results, EvalConfig())
    found = evaluate(inputs.truth, inputs.results, EvalConfig(), ("1",))
    counts = found.tracks["1"].pooled.counts
    assert (counts["TP"], counts["FP"], counts["FN"]) == (2, 1, 0)
    assert found.tracks["1"].pooled.scalars["MOTA"] == 1 - 1 / 2
    assert any("ends with frame 1; frames up to 4" in note for note in found.notes)
    limited = EvalConfig(lengths={"20": 3})
    with pytest.raises(InputError, match=r"frame 4: predicted, but the truth has frames 0\.\.2"):
        evaluate(inputs.truth, inputs.results, limited, ("1",))


SPARSE = "1,1,0,0,20,40,1,1,-1\n4,1,0,0,20,40,1,1,-1\n"  # MOT: frames 1 and 4, counted from 1


def test_frames_without_anybody_were_not_labelled() -> None:
    """Of three frames the middle one is empty: it is not scored, and 2 of 3 are."""
    somebody = Annotations(np.array([[0.0, 0, 2, 4]]), np.array([1]), np.zeros(1, bool))
    truth, note = labelled(TruthSequence("20", (somebody, NOBODY, somebody)))
    assert [frame.annotated for frame in truth.frames] == [True, False, True]
    assert note == "20: scored on the 2 of 3 frames whose truth holds somebody"


def test_truth_of_some_frames(tmp_path) -> None:
    """The person is found in all five frames, two of them labelled: 3 false boxes if the others
    are taken for empty (MOTA = 1 - 3 / 2), none if they were not labelled; the last frame lies
    after the truth.
    """
    truth = tmp_path / "gt" / "walk.txt"
    truth.parent.mkdir()
    truth.write_text(SPARSE)
    results = tmp_path / "walk.txt"
    results.write_text("".join(f"{t},1,0,0,20,40,0.9\n" for t in range(1, 6)))
    counted = hie_cli.evaluate(results, truth, track=1)
    assert counted.to_json()["tracks"]["1"]["pooled"]["MOTA"] == 1 - 3 / 2
    assert any("--empty-frames unlabelled leaves them out" in note for note in counted.notes)
    alone = hie_cli.evaluate(results, truth, track="1,detection", empty_frames="unlabelled")
    tracks = alone.to_json()["tracks"]
    assert (tracks["1"]["pooled"]["MOTA"], tracks["detection"]["pooled"]["AP"]) == (1, 1)
    assert alone.notes == ("walk: scored on the 2 of 5 frames whose truth holds somebody",)
