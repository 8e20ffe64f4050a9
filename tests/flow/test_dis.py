import cv2
import numpy as np
import pytest

from hie_cli.flow.dis import dense_flow, reduced_scale


@pytest.mark.parametrize(
    ("hw", "long_side", "scale"),
    [
        ((480, 640), 320, 0.5),
        ((100, 200), 320, 1.0),  # never enlarged
        ((16, 6000), 320, 1.0),  # a strip keeps its 16 pixels
        ((64, 6400), 320, 0.25),
    ],
)
def test_reduced_scale_keeps_the_shorter_side_usable(hw, long_side, scale):
    assert reduced_scale((*hw, 3), long_side) == scale


@pytest.mark.parametrize(
    ("shape", "error"),
    [((48, 64), 0.5), ((16, 1500), 0.5), ((1500, 16), 2.0)],  # 16 pixels across say little
)
def test_flow_of_any_shape_finds_a_shift(shape, error):
    rng = np.random.default_rng(0)
    rough = rng.integers(0, 255, (shape[0] // 4 + 4, shape[1] // 4 + 4), dtype=np.uint8)
    scene = cv2.resize(rough, (shape[1] + 8, shape[0] + 8), interpolation=cv2.INTER_CUBIC)
    # What is in view moves right by 2.
    first, second = (np.ascontiguousarray(scene[4:-4, x : x + shape[1]]) for x in (4, 2))
    flow = dense_flow(cv2.DISOpticalFlow.create(1), first, second)
    assert flow.shape == (*shape, 2)
    assert abs(float(np.median(flow[..., 0])) - 2) < error
