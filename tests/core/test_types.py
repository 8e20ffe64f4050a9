import numpy as np
import pytest

from hie_cli.core.types import Annotations, People, concatenate


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


def test_annotations() -> None:
    assert len(Annotations.empty()) == 0
    assert Annotations.empty().annotated
    assert not Annotations.empty(annotated=False).annotated
    with pytest.raises(ValueError, match=r"Annotations.visibility: shape \(1, 13\)"):
        Annotations(
            np.zeros((1, 4)), np.zeros(1), np.zeros(1), visibility=np.zeros((1, 13), np.int8)
        )
    for field in ("distractor", "areas", "head_boxes", "actions"):
        with pytest.raises(ValueError, match=rf"Annotations.{field}"):
            Annotations(np.zeros((1, 4)), np.zeros(1), np.zeros(1), **{field: np.zeros(2)})
