"""Cuts planted in videos of noise, motion and slow change."""

import numpy as np
import pytest

from hie_cli.retrieval.shots import Shot, ShotCutter, ShotSettings


def shots(frames, fps=10.0, **settings):
    cutter = ShotCutter(fps, ShotSettings(**settings))
    found = [shot for frame in frames for shot in cutter.add(frame)]
    return [*found, *cutter.finish()]


def scene(seed, count, step=1):
    """A random pattern that moves by ``step`` pixels a frame."""
    generator = np.random.default_rng(seed)
    pattern = generator.integers(0, 256, (6, 24, 3), np.uint8).repeat(16, 0).repeat(16, 1)
    return [np.roll(pattern, k * step, 1)[:, :160] for k in range(count)]


def test_cuts_are_found_where_they_were_made():
    frames = scene(1, 20) + scene(2, 15) + scene(3, 30)
    assert shots(frames) == [Shot(0, 20), Shot(20, 35), Shot(35, 65)]


def test_motion_is_no_cut():
    assert shots(scene(4, 60, step=12)) == [Shot(0, 60)]


def test_a_slow_change_of_light_is_no_cut():
    frames = [np.full((48, 64, 3), value, np.uint8) for value in range(0, 240, 4)]
    assert shots(frames) == [Shot(0, 60)]


def test_a_cut_near_the_end_counts_and_a_flash_makes_no_short_shot():
    frames = scene(5, 30) + scene(6, 8)
    assert shots(frames) == [Shot(0, 30), Shot(30, 38)]
    flash = scene(5, 30)
    flash[15] = np.full_like(flash[15], 255)
    assert all(len(shot) >= 6 for shot in shots(flash))


def test_long_shots_are_divided_evenly():
    """10 frames a second, 2 s at most: 45 frames are 3 parts of 15."""
    assert shots(scene(7, 45), longest=2.0) == [Shot(0, 15), Shot(15, 30), Shot(30, 45)]


@pytest.mark.parametrize("count", [0, 1, 2, 5, 8])
def test_few_frames_are_one_shot_and_none_are_no_shot(count):
    assert shots(scene(8, count)) == ([Shot(0, count)] if count else [])
