"""Truth and results that do not belong together as they were read."""

import numpy as np
import pytest

from hie_cli.core.annotations import Annotations, TruthSequence
from hie_cli.core.errors import InputError
from hie_cli.core.types import FramePeople, People
from hie_cli.evaluation.evaluate import evaluate
from hie_cli.evaluation.inputs import load_inputs
from hie_cli.evaluation.settings import EvalConfig
from hie_cli.evaluation.suspicions import suspicions

FRAMES = 12


def walkers(frame: int) -> np.ndarray:
    """Three people, 20 x 40, who walk 2 px a frame: one frame apart their IoU is 18 / 22."""
    left = np.array([10.0, 100, 200]) + 2 * frame
    return np.stack([left, left * 0 + 5, left + 20, left * 0 + 45], axis=1)


def truth(**more) -> TruthSequence:
    ids, ignore = np.arange(3), np.zeros(3, bool)
    frames = tuple(Annotations(walkers(t), ids, ignore) for t in range(FRAMES))
    return TruthSequence("20", frames, **more)


def results(shift: int = 0, reading=None, noise: float = 0.0) -> list[FramePeople]:
    rng = np.random.default_rng(0)
    items = []
    for t in range(FRAMES):
        boxes = walkers(t) + rng.normal(0, noise, (3, 4)) if noise else walkers(t)
        boxes = boxes if reading is None else reading(boxes)
        items.append(FramePeople(t + shift, People(boxes, rng.uniform(0.5, 0.9, 3), np.arange(3))))
    return items


def texts(*arguments) -> list[tuple[str, bool]]:
    return [(s.text, s.certain) for s in suspicions(*arguments)]


@pytest.mark.parametrize("noise", [0.0, 1.0, 4.0])
def test_nothing_is_wrong(noise: float) -> None:
    assert texts(truth(), results(noise=noise)) == []
    assert texts(truth(), []) == []
    assert texts(TruthSequence("20", ()), results()) == []


@pytest.mark.parametrize(("shift", "word"), [(1, "before"), (-1, "after")])
def test_frames_that_count_from_another_number(shift: int, word: str) -> None:
    ((text, certain),) = texts(truth(), results(shift))
    assert certain  # the first frame with anybody is shifted too
    assert f"fit the truth of the frame {word} better (mean overlap" in text
    assert "in their own frame" in text


def test_a_late_tracker_is_told_but_scored() -> None:
    """Everything a frame late, but somebody in frame 0: a lag, not another numbering."""
    late = [FramePeople(0, results()[0].people), *results(1)]
    ((_, certain),) = texts(truth(), late)
    assert not certain


def as_sizes(boxes: np.ndarray) -> np.ndarray:
    return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)


def as_corners(boxes: np.ndarray) -> np.ndarray:
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)


def test_boxes_of_another_kind() -> None:
    ((text, certain),) = texts(truth(), results(reading=as_sizes))
    assert certain
    assert "seem to be left, top, width, height; give corners (mean overlap 1.00" in text
    ((text, _),) = texts(truth(), results(reading=as_corners))
    assert "corners where left, top, width, height are expected" in text


def test_scores_that_rank_nothing() -> None:
    """36 people (3 in each of 12 frames), all with score 1."""
    flat = [FramePeople(i.index, i.people.replace(scores=np.ones(3))) for i in results()]
    ((text, certain),) = texts(truth(), flat)
    assert "every prediction has the score 1; average precision has nothing to rank by" in text
    assert not certain


def test_results_as_truth() -> None:
    """Certain where the results have no scores; documents with scores may serve as truth."""
    ((text, certain),) = texts(truth(scored=True), results())
    assert not certain
    assert "the truth has scores, as results have; were truth and results exchanged?" in text
    flat = [FramePeople(i.index, i.people.replace(scores=np.ones(3))) for i in results()]
    found = texts(truth(scored=True), flat)
    assert ("the truth has scores, and the results have none" in found[0][0], found[0][1]) == (
        True,
        True,
    )


def rows(first: int, score: str) -> str:
    lines = []
    for t in range(FRAMES):
        for i, (x1, y1, x2, y2) in enumerate(walkers(t)):
            lines.append(f"{t + first},{i},{x1:g},{y1:g},{x2 - x1:g},{y2 - y1:g},{score}\n")
    return "".join(lines)


def test_said_instead_of_scored(tmp_path) -> None:
    """20.txt counting from 1 is read as HiEve's, which counts from 0; as MOT's it is perfect."""
    (tmp_path / "gt").mkdir()
    (tmp_path / "gt" / "20.txt").write_text(rows(0, "1"))
    path = tmp_path / "20.txt"
    path.write_text(rows(1, "0.5"))

    def score(config: EvalConfig):
        inputs = load_inputs(tmp_path / "gt", path, config)
        return evaluate(inputs.truth, inputs.results, config, ("1",))

    with pytest.raises(InputError, match=r"do they count frames from 1\?.*--set suspicious=note"):
        score(EvalConfig())
    found = score(EvalConfig(suspicious="note"))
    assert any("do they count frames from 1?" in note for note in found.notes)
    assert found.tracks["1"].pooled.scalars["MOTA"] < 1
    named = score(EvalConfig(results_layout="mot"))
    assert named.tracks["1"].pooled.scalars["MOTA"] == 1


def test_exchanged_files(tmp_path) -> None:
    (tmp_path / "gt.txt").write_text(rows(0, "0.5"))
    (tmp_path / "found.txt").write_text(rows(0, "1"))
    inputs = load_inputs(tmp_path / "gt.txt", tmp_path / "found.txt", EvalConfig())
    with pytest.raises(InputError, match="were truth and results exchanged"):
        evaluate(inputs.truth, inputs.results, EvalConfig(), ("1",))


def test_truth_of_some_frames_alone() -> None:
    """Every third frame of twelve is labelled: 6 empty ones between the 4, people in them all."""
    whole = truth()
    thin = tuple(
        frame if t % 3 == 0 else Annotations.empty() for t, frame in enumerate(whole.frames)
    )
    ((text, certain),) = texts(TruthSequence("20", thin), results())
    assert not certain
    assert text.startswith("20: 6 frames between those of the truth hold nobody")
    told = tuple(f if len(f) else Annotations.empty(annotated=False) for f in thin)
    assert texts(TruthSequence("20", told), results()) == []
    # Nobody is found there either: the frames are empty.
    here = [item for item in results() if item.index % 3 == 0]
    assert texts(TruthSequence("20", thin), here) == []
    # Two empty frames among ten: a detector's false boxes, scored as such.
    few = tuple(Annotations.empty() if t in (4, 5) else f for t, f in enumerate(whole.frames))
    assert texts(TruthSequence("20", few), results()) == []
