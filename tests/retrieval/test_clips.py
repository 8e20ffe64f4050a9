"""Which frames are a clip, and what becomes of them."""

import numpy as np
import pytest

from hie_cli.core.types import Frame
from hie_cli.retrieval.clips import ClipCollector, ClipLayers, ClipSampling, filled, fitting

IMAGE = np.zeros((4, 4, 3), np.uint8)


def collected(count, fps, sampling, every):
    collector = ClipCollector(fps, sampling, every)
    clips = [found for t in range(count) if (found := collector.add(Frame(t, IMAGE)))]
    if rest := collector.finish():
        clips.append(rest)
    return [[frame.index for frame in clip] for clip in clips]


def test_clips_are_every_second_frame_at_25_a_second_and_2_s_apart():
    """16 frames 2 apart span 32 of 50 frames; the third clip would begin at 100."""
    clips = collected(100, 25.0, ClipSampling(), 2.0)
    assert clips == [list(range(0, 32, 2)), list(range(50, 82, 2))]


def test_clips_never_overlap():
    """4 frames 0.3 s apart at 10 a second: 0, 3, 6, 9; the next one begins at 12."""
    clips = collected(24, 10.0, ClipSampling(4, 0.3), 0.1)
    assert clips == [[0, 3, 6, 9], [12, 15, 18, 21]]


def test_half_a_clip_counts_and_so_does_the_only_one():
    sampling = ClipSampling(4, 0.1)
    assert collected(6, 10.0, sampling, 0.0) == [[0, 1, 2, 3], [4, 5]]
    assert collected(5, 10.0, sampling, 0.0) == [[0, 1, 2, 3]]
    assert collected(1, 10.0, sampling, 0.0) == [[0]]
    assert collected(0, 10.0, sampling, 0.0) == []


def test_slow_videos_take_every_frame():
    assert collected(3, 2.0, ClipSampling(3, 0.08), 0.0) == [[0, 1, 2]]


def test_a_clip_that_was_cut_off_ends_with_its_last_frame():
    assert filled(np.array([[1.0], [2]]), 4).tolist() == [[1], [2], [2], [2]]


def test_layers_over_time_by_hand():
    """D = 1, so that the scale is 1. Width 3 with weights -1, 0, 1 is x[t+1] - x[t-1].

    x = 0, 1, 3, 0 (zeros beyond): 1, 3, -1, -3; after ReLU the mean is 1, of length 1. The mean
    frame is 1 as well, so both halves are 1 / sqrt(2).
    """
    layers = ClipLayers(
        ClipSampling(4), ((np.array([[[-1.0, 0, 1]]], np.float32), np.zeros(1, np.float32)),)
    )
    assert (layers.frame_features, layers.features) == (1, 2)
    clip = np.array([[[0.0], [1], [3], [0]]], np.float32)
    assert layers.vectors(clip)[0] == pytest.approx([0.5**0.5, 0.5**0.5])
    still = np.zeros((1, 4, 1), np.float32)
    assert layers.vectors(still)[0].tolist() == [0, 0]


def test_layers_that_do_not_fit_are_told():
    one = (np.zeros((2, 3, 1), np.float32), np.zeros(2, np.float32))
    two = (np.zeros((4, 2, 3), np.float32), np.zeros(4, np.float32))
    assert fitting([one, two])
    assert not fitting([two, one])
    assert not fitting([])
    assert not fitting([(one[0], np.zeros(3, np.float32))])
    assert not fitting([(np.zeros((2, 3, 2), np.float32), one[1])])
    assert not fitting([(np.full((2, 3, 1), np.nan, np.float32), one[1])])
