import numpy as np
import pytest

from hie_cli.flow.estimators import FlowConfig, FlowMeter
from hie_cli.flow.fields import FlowPair, carry, sample


def constant(x: float, y: float, shape=(40, 60)) -> np.ndarray:
    return np.tile(np.array([x, y], np.float32), (*shape, 1))


def test_no_points():
    assert sample(constant(1, 2), np.zeros((0, 2))).shape == (0, 2)


def test_sample_at_pixel_centres_and_between():
    field = np.zeros((2, 2, 2), np.float32)
    field[0, 1] = [4, 8]
    # Pixel (row 0, column 1) has its centre at x = 1.5, y = 0.5.
    assert sample(field, np.array([1.5, 0.5])).tolist() == [4, 8]
    # Halfway between it and column 0: half of it.
    assert sample(field, np.array([1.0, 0.5])).tolist() == [2, 4]
    # Halfway down as well: a quarter.
    assert sample(field, np.array([1.0, 1.0])).tolist() == [1, 2]


def test_outside_takes_the_edge_and_nan_stays_nan():
    field = constant(3, -1)
    assert sample(field, np.array([[-50.0, 900.0]])).tolist() == [[3, -1]]
    assert np.isnan(sample(field, np.array([[np.nan, 5.0]]))).all()


def test_carry_there_and_back_at_half_size():
    # Frame pixels are twice the field's: a field displacement of (3, -1) is (6, -2) in the frame.
    pair = FlowPair(constant(3, -1), constant(-3, 1), scale=0.5)
    moved, error = carry(np.array([[20.0, 30.0]]), pair, back=False)
    assert moved.tolist() == [[26, 28]]
    assert error.tolist() == [0]
    moved, _ = carry(np.array([[26.0, 28.0]]), pair, back=True)
    assert moved.tolist() == [[20, 30]]


def test_a_way_back_that_does_not_close_shows_as_error():
    pair = FlowPair(constant(3, 0), constant(-1, 0), scale=0.5)
    _, error = carry(np.array([[20.0, 30.0]]), pair, back=False)
    assert error.tolist() == [4]  # 3 - 1 = 2 field pixels = 4 frame pixels


@pytest.mark.parametrize(
    "config", [FlowConfig(), FlowConfig("farneback"), FlowConfig(long_side=80)]
)
def test_meter_finds_a_shift(config):
    rng = np.random.default_rng(0)
    import cv2

    texture = cv2.GaussianBlur(rng.integers(0, 255, (120, 160, 3), np.uint8), (0, 0), 2)
    meter = FlowMeter(config)
    assert meter.step(texture) is None
    pair = meter.step(np.roll(texture, 4, axis=1))
    assert pair is not None
    moved, error = carry(np.array([[80.0, 60.0]]), pair, back=False)
    assert np.abs(moved - [[84, 60]]).max() < 0.7
    assert error[0] < 0.7
