import dataclasses

import numpy as np
import pytest

from hie_cli.simulation.crowd import CrowdConfig, simulate
from hie_cli.simulation.observe import CLEAN, Noise, observe


@pytest.fixture(scope="module")
def crowd():
    return simulate(CrowdConfig(seed=1, people=15, frames=100))


def test_nobody():
    empty = observe(simulate(CrowdConfig(people=0, frames=2)))
    assert [len(item.people) for item in empty] == [0, 0]


def test_without_noise_it_is_the_truth(crowd):
    for t, item in enumerate(observe(crowd, CLEAN)):
        who = np.flatnonzero(crowd.present[:, t] & crowd.seen[:, t].any(-1))
        assert item.people.boxes == pytest.approx(crowd.boxes[who, t], abs=1e-3)
        found = np.isfinite(item.people.keypoints).all(-1)
        exact = crowd.pixels[who, t, :14]
        assert item.people.keypoints[found] == pytest.approx(exact[found], abs=1e-3)
        assert found[crowd.seen[who, t]].all()
        assert (item.people.keypoint_scores[found] == 1).all()


def test_an_id_belongs_to_one_person(crowd):
    owners: dict[int, set[int]] = {}
    clean = observe(crowd, CLEAN)
    for t, item in enumerate(observe(crowd, dataclasses.replace(CLEAN, breaks=2.0))):
        for mine, other in zip(item.people.track_ids, clean[t].people.track_ids, strict=True):
            owners.setdefault(int(mine), set()).add(int(other))
    assert all(len(who) == 1 for who in owners.values())
    assert len(owners) > len({w for who in owners.values() for w in who}) + 10


def test_noise_does_what_it_says(crowd):
    noise = dataclasses.replace(CLEAN, joint=0.02, lost_joint=0.05)
    errors, lost, seen_joints = [], 0, 0
    for t, item in enumerate(observe(crowd, noise)):
        who = np.flatnonzero(crowd.present[:, t] & crowd.seen[:, t].any(-1))
        seen = crowd.seen[who, t]
        exact, boxes = crowd.pixels[who, t, :14], crowd.boxes[who, t]
        size = (boxes[:, 2:] - boxes[:, :2]).max(1)[:, None, None]
        error = ((item.people.keypoints - exact) / size)[seen]
        errors.append(error[np.isfinite(error).all(-1)])
        lost += int(np.isnan(item.people.keypoints[seen]).any(-1).sum())
        seen_joints += int(seen.sum())
    assert np.concatenate(errors).std() == pytest.approx(0.02, rel=0.1)
    assert lost / seen_joints == pytest.approx(0.05, abs=0.01)


def test_the_same_seed_gives_the_same_observations(crowd):
    for a, b in zip(observe(crowd), observe(crowd, Noise(), 0), strict=True):
        assert np.array_equal(a.people.boxes, b.people.boxes)
    other = observe(crowd, Noise(), 1)
    assert any(
        not np.array_equal(a.people.boxes, b.people.boxes)
        for a, b in zip(observe(crowd), other, strict=True)
    )
