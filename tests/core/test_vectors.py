"""Vectors made to have length 1."""

import numpy as np
import pytest

from hie_cli.core.vectors import unit_rows


def test_each_row_has_length_one_and_keeps_its_direction() -> None:
    made = unit_rows(np.array([[3.0, 4.0], [0.0, -2.0], [1e-6, 0.0]]))
    assert made.tolist() == [[0.6, 0.8], [0.0, -1.0], [1.0, 0.0]]  # 3 / 5, 4 / 5


def test_zeros_stay_zeros_and_nobody_is_nobody() -> None:
    assert unit_rows(np.zeros((2, 3))).tolist() == [[0.0] * 3] * 2
    assert unit_rows(np.zeros((0, 3))).shape == (0, 3)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_type_stays(kind: type) -> None:
    assert unit_rows(np.ones((1, 4), kind)).dtype == kind
