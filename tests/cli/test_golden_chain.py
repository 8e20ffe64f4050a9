"""The chain's results on a few frames of the real clip, held against stored ones.

After a change that is meant to change results:
    hie run data/pets09-sample.mp4 -o tests/data/golden --preset fast --frames 0:24 \
        --until action --precision fp32 --overwrite
"""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hie_cli.formats.documents.document import Document
from tests.support.paths import DATA

GOLDEN = DATA / "golden"
STAGES = ("detect", "pose", "track", "action")


@pytest.fixture(scope="module")
def fresh(sample_clip, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("golden")
    command = [sys.executable, "-m", "hie_cli", "run", str(sample_clip), "-o", str(out)]
    options = ["--preset", "fast", "--frames", "0:24", "--until", "action"]
    options += ["--precision", "fp32"]  # the same networks on every CPU
    subprocess.run([*command, *options], check=True, capture_output=True)
    return out


@pytest.mark.parametrize("stage", STAGES)
def test_results_are_the_stored_ones(fresh, stage):
    """Equal up to what another processor's arithmetic may change."""
    now = Document(fresh / stage / "pets09-sample.json")
    stored = Document(GOLDEN / stage / "pets09-sample.json")
    assert now.header.models == stored.header.models
    assert now.header.video == stored.header.video
    for a, b in zip(now, stored, strict=True):
        assert a.index == b.index
        assert len(a.people) == len(b.people), a.index
        for field, tolerance in (
            ("boxes", 0.25),
            ("scores", 0.005),
            ("track_ids", 0),
            ("keypoints", 0.5),
            ("keypoint_scores", 0.01),
            ("action_scores", 0.02),
        ):
            x, y = getattr(a.people, field), getattr(b.people, field)
            assert (x is None) == (y is None), field
            if x is not None:
                np.testing.assert_allclose(x, y, atol=tolerance, rtol=0, err_msg=field)


def test_the_stored_chain_is_sensible():
    """Accuracy floor by eye: six to eight walkers, few identities, all of them walking or so."""
    tracks = list(Document(GOLDEN / "track" / "pets09-sample.json"))
    counts = [len(item.people) for item in tracks]
    assert 5 <= np.median(counts) <= 9
    ids = {i for item in tracks for i in item.people.track_ids.tolist()}
    assert len(ids) <= 10
    first = next(iter(Document(GOLDEN / "action" / "pets09-sample.json"))).people
    walking = np.isin(first.action_scores.argmax(1), (0, 1))
    assert walking.mean() >= 0.5
