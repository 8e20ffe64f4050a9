import dataclasses
import json
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hie_cli.core.types import People
from hie_cli.formats.documents import annolist_people, annolist_text

Make = Callable[[int, int], People]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(0, 5), keep=st.integers(0, 7))
def test_both_ways_of_reading_agree(make_people: Make, seed: int, n: int, keep: int) -> None:
    """In bulk and one by one, with any of ids, joints and actions left out."""
    people = make_people(seed, n)
    if not keep & 1:
        people = people.replace(track_ids=None)
    if not keep & 2:
        people = people.replace(keypoints=None, keypoint_scores=None)
    if not keep & 4:
        people = people.replace(action_scores=None)
    rects = json.loads(annolist_text.format_people(people))
    bulk = annolist_people._parse_at_once(rects, People)
    careful = annolist_people._parse_carefully(rects, "x", People)
    assert bulk is not None
    for field in dataclasses.fields(People):
        a, b = getattr(bulk, field.name), getattr(careful, field.name)
        assert (a is None) == (b is None), field.name
        if a is not None:
            np.testing.assert_array_equal(a, b, err_msg=field.name)
        if n:
            np.testing.assert_array_equal(a, getattr(people, field.name))


def test_nobody() -> None:
    people = annolist_people.parse_people([], "x")
    assert len(people) == 0
    assert people.track_ids is None
    assert annolist_text.format_people(people) == "[]"


def test_ids_count_only_if_everybody_has_one() -> None:
    rect = {"x1": [0], "y1": [0], "x2": [1], "y2": [1], "score": [1]}
    assert annolist_people.parse_people([{**rect, "track_id": [0]}, rect], "x").track_ids is None


def test_untracked_people_share_the_id_of_nobody() -> None:
    rect = {"x1": [0], "y1": [0], "x2": [1], "y2": [1], "score": [1], "track_id": [-1]}
    people = annolist_people.parse_people([rect, rect], "x")
    assert people.track_ids is not None
    assert people.track_ids.tolist() == [-1, -1]


@pytest.mark.parametrize("value", [0.1, 812.34, 1e6, 123456.78, 3, -0.01, 9999999.99])
def test_numbers_are_as_short_as_their_digits(value: float) -> None:
    people = People(np.array([[value, 0, 1e7, 1]]), np.ones(1))
    text = json.loads(annolist_text.format_people(people))[0]["x1"][0]
    assert np.float32(text) == np.float32(value)
    assert len(str(text)) <= len(f"{value:.2f}")
