import numpy as np
import pytest

from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.recognition.learned.pose_clips import BOX_CHANNELS, PAIR_CHANNELS, Sampling, clip_of
from hie_cli.recognition.window import windows

HOW = Sampling(rate=8.0, length=9)  # +-0.5 s


def video(fps=24.0):
    return VideoInfo("v", 640, 480, fps, None)


def walker(fps, speed=60.0, height=100.0, count=1):
    """People 50 px apart going right at ``speed`` px/s, all joints in the box's middle."""
    frames = []
    for t in range(round(3 * fps)):
        x = 100 + speed * t / fps + 50 * np.arange(count)
        boxes = np.stack([x - 20, np.full(count, 100), x + 20, np.full(count, 100 + height)], -1)
        centre = np.stack([x, np.full(count, 100 + height / 2)], -1)
        joints = np.repeat(centre[:, None], 14, 1)
        people = People(boxes, np.ones(count), np.arange(count), joints, np.ones((count, 14)))
        frames.append(FramePeople(t, people))
    return frames


def middle(frames, fps):
    at = round(1.5 * fps)
    found = {w.index: w for _, w in windows(frames, video(fps), 1.0, 1) if w is not None}
    return clip_of(found[at], HOW)


def test_nobody():
    empty = [FramePeople(0, People.empty())]
    window = next(w for _, w in windows(empty, video(), 1.0, 1) if w is not None)
    clip = clip_of(window, HOW)
    assert clip.joints.shape == (0, 9, 14, 6)
    assert clip.boxes.shape == (0, 9, BOX_CHANNELS)
    assert clip.pairs.shape == (0, 0, PAIR_CHANNELS)


def test_one_row_is_present_only_now():
    frames = walker(24.0)[:1]
    window = next(w for _, w in windows(frames, video(), 1.0, 1) if w is not None)
    clip = clip_of(window, HOW)
    assert clip.boxes[0, :, -1].tolist() == [0, 0, 0, 0, 1, 0, 0, 0, 0]
    assert np.isfinite(clip.joints).all()


def test_motion_is_in_sizes_per_second():
    clip = middle(walker(24.0), 24.0)
    # 60 px/s, size = the box's height of 100 px: 0.6 sizes a second
    assert clip.boxes[0, 1:, 4] == pytest.approx(0.6, abs=1e-4)
    assert clip.joints[0, 1:, :, 2] == pytest.approx(0.6, abs=1e-4)
    # 40 px wide, 100 px high
    assert clip.boxes[0, 0, 2:4] == pytest.approx([np.log(0.4), 0.0], abs=1e-5)
    assert clip.joints[0, :, :, :2] == pytest.approx(0.0, abs=1e-5)


@pytest.mark.parametrize("fps", [8.0, 16.0, 48.0])
def test_frame_rate_and_scale_do_not_matter(fps):
    reference = middle(walker(24.0, count=2), 24.0)
    other = middle(walker(fps, count=2), fps)
    for name in ("joints", "boxes", "pairs"):
        assert getattr(other, name) == pytest.approx(getattr(reference, name), abs=1e-3)


def test_missing_joints_are_zero_and_flagged():
    frames = walker(24.0)
    for item in frames:
        item.people.keypoints[:, 4] = np.nan
    clip = middle(frames, 24.0)
    assert (clip.joints[0, :, 4] == 0).all()
    assert (clip.joints[0, :, 5, 5] == 1).all()


def test_joints_nobody_believes_in_are_missing():
    frames = walker(24.0)
    for item in frames:
        item.people.keypoint_scores[:, 4] = 0.19
        item.people.keypoint_scores[:, 5] = 0.21
    clip = middle(frames, 24.0)
    assert (clip.joints[0, :, 4] == 0).all()
    assert (clip.joints[0, :, 5, 5] == 1).all()


def test_pairs_know_who_is_where():
    clip = middle(walker(24.0, count=2), 24.0)
    # person 1 is 50 px = half a size to the right of person 0, at all three instants
    assert clip.pairs[0, 1, [0, 2, 4]] == pytest.approx([np.arcsinh(0.5)] * 3, abs=1e-4)
    assert clip.pairs[1, 0, 2] == pytest.approx(-np.arcsinh(0.5), abs=1e-4)
    assert clip.pairs[0, 0, 7] == pytest.approx(1.0)  # overlap with oneself
    assert clip.pairs[0, 1, 8:10] == pytest.approx([0, 0], abs=1e-6)  # same velocity
