import pytest

from hie_cli.core.errors import InputError
from hie_cli.core.types import Annotations, FramePeople, People, TruthSequence
from hie_cli.evaluation.evaluate import evaluate
from hie_cli.evaluation.inputs import load_inputs
from hie_cli.evaluation.length import reaching
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
