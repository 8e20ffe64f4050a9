import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from hie_cli.core.errors import ConfigError
from hie_cli.core.types import FramePeople, People, VideoInfo, concatenate


def people(n: int) -> People:
    return People(
        np.arange(4 * n).reshape(n, 4),
        np.linspace(0, 1, n),
        np.arange(n),
        np.zeros((n, 14, 2)),
        np.ones((n, 14)),
        np.ones((n, 14)),
    )


def test_nobody() -> None:
    assert len(People.empty()) == 0
    assert People.empty().track_ids is None
    like = People.empty(people(3))
    assert like.track_ids is not None
    assert like.keypoints is not None
    assert like.keypoints.shape == (0, 14, 2)
    assert len(people(0)) == 0


def test_arrays_are_cast() -> None:
    found = People(np.array([[0, 0, 1, 1]]), np.array([1]), np.array([7.0]))
    assert found.boxes.dtype == found.scores.dtype == np.float32
    assert found.track_ids is not None
    assert found.track_ids.dtype == np.int64


@pytest.mark.parametrize(
    ("field", "shape"),
    [
        ("boxes", (3, 5)),
        ("scores", (2,)),
        ("track_ids", (4,)),
        ("keypoints", (3, 13, 2)),
        ("keypoint_scores", (3, 14, 1)),
        ("action_scores", (3, 15)),
    ],
)
def test_every_length_is_checked(field: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=rf"People.{field}: shape \({shape[0]},"):
        people(3).replace(**{field: np.zeros(shape)})


def test_joints_and_their_scores_go_together() -> None:
    with pytest.raises(ValueError, match="go together"):
        people(2).replace(keypoint_scores=None)


@pytest.mark.parametrize(
    ("index", "ids"),
    [
        (np.array([True, False, True]), [0, 2]),
        (np.array([False, False, False]), []),
        ([True, False, False], [0]),
        (np.array([2, 0]), [2, 0]),
        ([2, 0], [2, 0]),
        ([], []),
        (np.zeros(0), []),
        (slice(1, None), [1, 2]),
    ],
)
def test_choosing_people(index: object, ids: list[int]) -> None:
    chosen = people(3)[index]  # type: ignore[index] # the table holds every kind
    assert chosen.track_ids is not None
    assert chosen.track_ids.tolist() == ids
    assert chosen.keypoints is not None
    assert len(chosen.keypoints) == len(ids)


def test_concatenate() -> None:
    assert len(concatenate([])) == 0
    both = concatenate([people(2), people(1)])
    assert both.track_ids is not None
    assert both.track_ids.tolist() == [0, 1, 0]


def test_concatenate_keeps_what_all_have() -> None:
    """An empty part has no say; a part without ids takes everybody's away."""
    assert concatenate([people(2), People.empty()]).track_ids is not None
    assert concatenate([people(2), people(1).replace(track_ids=None)]).track_ids is None
    assert concatenate([People.empty(people(1))]).track_ids is not None


def test_repr_is_short():
    crowd = people(300)
    fields = "boxes, scores, track_ids, keypoints, keypoint_scores, action_scores"
    assert repr(crowd) == f"<People: 300, with {fields}>"
    assert repr(People.empty()) == "<People: 0, with boxes, scores>"
    frame = FramePeople(7, People.empty(), None, VideoInfo("crowd", 4, 3, 25.0, None))
    assert repr(frame) == "<FramePeople: frame 7 of crowd, <People: 0, with boxes, scores>>"


def test_iterating_gives_persons():
    assert list(People.empty()) == []
    first, second = people(2)
    assert first.box.tolist() == [0, 1, 2, 3]
    assert (first.track_id, second.track_id) == (0, 1), "identity 0 is somebody"
    assert (first.score, second.score) == (0.0, 1.0)
    assert second.keypoints is not None
    assert second.keypoints.shape == (14, 2)
    [unknown] = People(np.zeros((1, 4)), np.ones(1))
    assert (unknown.track_id, unknown.keypoints, unknown.action) == (None, None, None)


def test_the_likeliest_action():
    scores = np.full((2, 14), np.nan)
    scores[0] = 0.01
    scores[0, 1] = 0.87
    first, second = People(np.zeros((2, 4)), np.ones(2), action_scores=scores)
    assert first.action == "walking-together"
    assert second.action is None


def test_records_are_json():
    crowd = people(2)
    assert crowd.keypoints is not None
    crowd.keypoints[0, 3] = np.nan
    crowd.boxes[0, 0] = 0.35
    crowd.action_scores[1] = np.nan
    first, second = json.loads(json.dumps(crowd.to_records(), allow_nan=False))
    assert first["box"] == [0.35, 1, 2, 3], "not 0.3499999940395355"
    assert first["keypoints"][3] is None
    assert first["keypoints"][4] == [0, 0, 1]
    assert len(first["actions"]) == 14
    assert second["actions"] is None
    assert People(np.zeros((1, 4)), np.ones(1)).to_records() == [
        {"box": [0, 0, 0, 0], "score": 1.0}
    ]
    assert People.empty().to_records() == []


def test_from_arrays():
    found = People.from_arrays([[0, 0, 10, 20]], keypoints=np.ones((1, 14, 3)) * 0.5)
    assert found.scores.tolist() == [1.0]
    assert found.keypoints is not None
    assert found.keypoint_scores is not None
    assert found.keypoint_scores[0, 0] == 0.5
    assert len(People.from_arrays([], [], [])) == 0
    assert len(People.from_arrays(np.zeros((0, 4)), keypoints=[])) == 0
    some = np.zeros((1, 14, 2))
    some[0, 5] = np.nan
    scores = People.from_arrays([[0, 0, 1, 1]], keypoints=some).keypoint_scores
    assert scores is not None
    assert scores[0].tolist() == [1.0] * 5 + [0.0] + [1.0] * 8


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"boxes": [1, 2, 3, 4]}, r"boxes: shape \(4,\), expected \(4, 4\): x1, y1, x2, y2"),
        ({"boxes": 5}, r"boxes: shape \(\), expected \(0, 4\)"),
        ({"boxes": [[1, 2, 3, 4, 5]]}, r"boxes: shape \(1, 5\), expected \(1, 4\)"),
        ({"boxes": [[5, 5, 2, 2]]}, "expected finite x1 <= x2 and y1 <= y2; convert xywh"),
        ({"boxes": "many"}, "boxes: expected an array of numbers"),
        ({"boxes": [[1, 2], [3]]}, "boxes: expected an array of numbers"),
        ({"scores": [1, 2]}, r"scores: shape \(2,\), expected \(1,\): one of each of the 1 boxes"),
        ({"track_ids": [[1]]}, r"track_ids: shape \(1, 1\), expected \(1,\)"),
        (
            {"keypoints": np.zeros((1, 17, 2))},
            r"keypoints: shape \(1, 17, 2\), expected \(1, 14, 2\) or \(1, 14, 3\)",
        ),
        ({"keypoint_scores": np.zeros((1, 14))}, "given without keypoints"),
        (
            {"action_scores": np.zeros((1, 13))},
            r"action_scores: shape \(1, 13\), expected \(1, 14\)",
        ),
    ],
)
def test_from_arrays_names_what_is_wrong(given, message):
    with pytest.raises(ValueError, match=message):
        People.from_arrays(**{"boxes": [[0, 0, 1, 1]], **given})


def test_supervision(monkeypatch):
    monkeypatch.setitem(sys.modules, "supervision", None)
    with pytest.raises(ConfigError, match="pip install supervision"):
        people(1).to_supervision()
    monkeypatch.setitem(sys.modules, "supervision", SimpleNamespace(Detections=dict))
    found = people(2).to_supervision()
    assert found["xyxy"].shape == (2, 4)
    assert found["tracker_id"].tolist() == [0, 1]
    assert found["class_id"].tolist() == [0, 0]
    assert set(found["data"]) == {"keypoints", "keypoint_scores", "action_scores"}
    assert People.empty().to_supervision()["tracker_id"] is None


def test_people_are_chosen_with_other_ids():
    boxes = [[0, 0, 10, 20], [5, 5, 15, 30], [50, 0, 60, 40]]
    people = People.from_arrays(boxes, [0.9, 0.5, 0.2], track_ids=[4, 5, 6])
    some = people.chosen(np.array([True, False, True]), track_ids=[1, 2])
    assert some.track_ids is not None
    assert some.track_ids.tolist() == [1, 2]
    np.testing.assert_array_equal(some.boxes, people.boxes[[0, 2]])
    with pytest.raises(ValueError, match="track_ids"):
        people.chosen([0], track_ids=[1, 2])
