"""Which id follows each true one, frame by frame."""

import numpy as np

from hie_cli.core.annotations import Annotations
from hie_cli.core.types import People
from hie_cli.evaluation.timeline import ABSENT, MISSED, timeline


def test_timeline_by_hand():
    box = np.array([[0.0, 0.0, 10.0, 10.0]])

    def true(*ids):
        return Annotations(box.repeat(len(ids), 0), list(ids), [False] * len(ids))

    def seen(*ids):
        return People(box.repeat(len(ids), 0), np.ones(len(ids)), np.array(ids, int))

    frames = [(true(4), seen(7)), (true(4), seen()), (true(), seen(7)), (true(4), seen(8))]
    line = timeline(frames, 0.5)
    assert line.truth_ids.tolist() == [4]
    assert line.followed.tolist() == [[7, MISSED, ABSENT, 8]]
    assert timeline([], 0.5).followed.shape == (0, 0)
