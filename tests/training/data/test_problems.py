import numpy as np
import pytest

from hie_cli.core.annotations import Annotations
from hie_cli.training.data.items import Item
from hie_cli.training.data.problems import Fingerprints, difference_hash, of_labels, of_split
from tests.support.stills import picture

IMAGE = picture([])


class Shown(Item):
    def image(self):
        return self.picture


def item(boxes=(), keypoints=None, video="v", index=0, image=IMAGE, held=False):
    boxes = np.array(boxes, float).reshape(-1, 4)
    labels = Annotations(boxes, np.full(len(boxes), -1), np.zeros(len(boxes), bool), keypoints)
    return Shown(0, video, index, image, labels, held)


@pytest.mark.parametrize(
    ("boxes", "kind", "what"),
    [
        ([[5, 5, 5, 40]], "broken", "person 0: its box has no area"),
        ([[200, 5, 220, 40]], "broken", "outside the picture"),
        ([[5, 5, 95, 15]], "mislabelled", "a box of 90 x 10"),
        ([[5, 5, 25, 45], [5, 5, 25, 45.5]], "duplicated", "people 0 and 1 have one box"),
    ],
)
def test_boxes(boxes, kind, what):
    (problem,) = of_labels(item(boxes), IMAGE)
    assert problem.kind == kind
    assert what in problem.what
    assert problem.place == "v: frame 0"


def test_joints_belong_into_their_box():
    good = np.full((1, 14, 2), np.nan)
    good[0, :4] = [[10, 10], [12, 20], [14, 30], [10, 44]]
    assert not list(of_labels(item([[5, 5, 25, 45]], good), IMAGE))
    far = good + 60  # 10 + 60 = 70 > 25 + .25 * 20
    (problem,) = of_labels(item([[5, 5, 25, 45]], far), IMAGE)
    assert "4 of 4 joints lie far outside" in problem.what
    (problem,) = of_labels(item([[5, 5, 25, 45]], good * 0 + 10), IMAGE)
    assert problem.kind == "broken"
    assert "one point" in problem.what


def test_equal_and_nearly_equal_pictures():
    other = picture([[30, 20, 60, 90]], seed=5)
    near = np.clip(other.astype(int) + 2, 0, 255).astype(np.uint8)
    seen = Fingerprints(["one", "two"])
    for each in (
        item(image=IMAGE), item(image=IMAGE, index=1), item(image=other, index=2),
        item(image=near, video="w", held=True), item(image=IMAGE, video="x", held=True),
    ):  # fmt: skip
        seen.add(each, each.image())
    found = {(p.kind, p.place) for p in seen.problems()}
    assert found == {
        ("duplicated", "v: frame 1"), ("leaking", "w: frame 0"), ("leaking", "x: frame 0"),
    }  # fmt: skip


def test_the_hash_is_of_what_is_seen():
    a, b = picture([[30, 20, 60, 90]]), picture([[90, 20, 120, 90]], seed=1)
    bits = np.bitwise_count(difference_hash(a) ^ difference_hash(b)).sum()
    assert bits > 40


def test_a_video_on_both_sides_leaks():
    (problem,) = of_split([item(), item(index=3, held=True), item(video="w")])
    assert problem.kind == "leaking"
    assert problem.place == "v"
