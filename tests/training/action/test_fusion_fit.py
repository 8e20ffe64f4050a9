import numpy as np
import pytest
import torch

from hie_cli.core.types import People
from hie_cli.training.action.fusion_fit import Seen, fit, fit_weights, simplex


def test_the_simplex_by_hand():
    one, two = simplex(1), simplex(2)
    assert one.tolist() == [[1.0]]
    # 11 ways to share tenths among two, the even one first, all to one last.
    assert two.shape == (11, 2)
    assert two[0].tolist() == [0.5, 0.5]
    assert sorted(two[-2:].tolist()) == [[0.0, 1.0], [1.0, 0.0]]
    # Stars and bars: 12 over 2 = 66; from five on fifths, 9 over 4 = 126.
    assert [len(simplex(n)) for n in (3, 5)] == [66, 126]
    for rows in (simplex(3), simplex(5)):
        np.testing.assert_allclose(rows.sum(1), 1)
        assert rows.min() >= 0


def frame(labels, *members, scenes=None):
    """One frame; each member gives .9 to its own guess of every person."""
    n = len(labels)
    boxes = np.array([[50 * k, 0, 50 * k + 20, 60] for k in range(n)], float).reshape(-1, 4)
    scores = np.full((len(members), n, 14), 0.1 / 13)
    for k, guesses in enumerate(members):
        scores[k, np.arange(n), guesses] = 0.9
    places = np.zeros((n, 2)) if scenes is None else scenes
    people = People(boxes, np.ones(n), np.arange(n))
    return Seen(people, np.array(labels), scores, places)


@pytest.mark.parametrize("by", ["wf_mAP", "macro"])
def test_the_better_member_gets_the_weight(by):
    # The second one swaps the two classes; evenly mixed nobody could tell them apart.
    seen = [frame([0, 5], [0, 5], [5, 0]), frame([5, 0], [5, 0], [0, 5])]
    weights = fit_weights(seen, by)
    assert weights[0] > weights[1]
    # Alike members share evenly.
    assert fit_weights([frame([0, 5], [0, 5], [0, 5])], by).tolist() == [0.5, 0.5]


def places(count, seed, helpful=True):
    """Members cannot tell 12 from 0; the place (two numbers) can, if ``helpful``."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        labels = rng.choice([0, 12], 6)
        scenes = rng.normal(0, 0.3, (6, 2))
        if helpful:
            scenes[:, 0] += np.where(labels == 12, 1.0, -1.0)
        guesses = rng.choice([0, 12], 6)
        found.append(frame(labels, guesses, scenes=scenes))
    return found


@pytest.mark.parametrize("way", ["prior", "concat"])
def test_a_place_that_tells_is_kept(way):
    torch.set_num_threads(1)
    fitted = fit(places(40, 0), places(15, 1), ["blind"], way, "wf_mAP")
    alone, fused = fitted.numbers["blind"], fitted.numbers[f"corrected ({way})"]
    assert fitted.way == way
    assert fitted.correction is not None
    assert fused["wf_mAP"] > alone["wf_mAP"] + 0.1


def test_a_place_that_tells_nothing_is_left_out():
    # Right members, labels that no place explains: nothing can be gained.
    rng = np.random.default_rng(3)

    def seen(count):
        rows = [rng.choice([0, 12], 6) for _ in range(count)]
        return [frame(row, row, scenes=rng.normal(0, 1, (6, 2))) for row in rows]

    for way in ("prior", "concat"):
        fitted = fit(seen(20), seen(10), ["right"], way, "wf_mAP")
        assert fitted.way == "none"
        assert fitted.correction is None


def test_without_a_place_only_weights_are_fitted():
    fitted = fit([], [frame([0, 5], [0, 5], [3, 3])], ["good", "bad"], "none", "macro")
    assert fitted.way == "none"
    assert set(fitted.numbers) == {"good", "bad", "weighted mean"}
    assert fitted.numbers["good"]["macro_accuracy"] == 1
