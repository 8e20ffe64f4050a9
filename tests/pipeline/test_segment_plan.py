"""Where a video may be parted, on stages whose needs are plain numbers."""

from hypothesis import given, settings
from hypothesis import strategies as st

from hie_cli.pipeline.segment_plan import Segment, parted_stages, segments
from hie_cli.pipeline.stage import Stage
from hie_cli.video.frame_range import FrameRange


def stage(name: str, context: int | None, block: int) -> Stage:
    """It looks ``context`` frames around, and works on whole blocks of ``block`` frames."""
    return Stage(
        name,
        lambda stream: stream,
        settings={},
        context=context,
        restart=lambda index: index // block * block,
        end=lambda index: (index // block + 1) * block,
    )


def test_a_part_is_run_from_the_border_before_it_to_the_one_after_it():
    # Poses need 5 frames around and blocks of 8, detections 6 around and blocks of 50.
    stages = [stage("detect", 6, 50), stage("pose", 5, 8)]
    first, second = segments(stages, FrameRange(), 240, 120)
    # Frame 117 needs poses from 112 (117 - 5), a border of 8, and detections from 106 (112 - 6),
    # block 100. Frame 116 needs poses from 111, block 104, and detections from 98, block 50.
    assert second == Segment(117, None, FrameRange(100, None, 1))
    # Frame 116 needs poses to 121 (block to 128), and detections to 133 (block to 150).
    assert first == Segment(0, 117, FrameRange(0, 150, 1))


def test_what_needs_all_of_the_video_ends_the_stages_that_can_be_parted():
    detect, smooth, pose = stage("a", 6, 50), stage("b", None, 1), stage("c", 5, 8)
    assert parted_stages([detect, pose, smooth]) == [detect, pose]
    assert parted_stages([detect, smooth, pose]) == [detect]
    assert parted_stages([smooth]) == []


def test_a_video_no_longer_than_a_segment_stays_whole():
    stages = [stage("detect", 6, 50)]
    assert len(segments(stages, FrameRange(), 120, 120)) == 1
    assert len(segments(stages, FrameRange(), 30, 10)) == 1  # no border lies in it
    assert len(segments(stages, FrameRange(100, 130), 1000, 10)) == 1


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 700),
    st.integers(1, 300),
    st.integers(0, 90),
    st.integers(1, 4),
    st.tuples(st.integers(0, 6), st.integers(1, 60)),
    st.tuples(st.integers(0, 5), st.integers(1, 9)),
)
def test_segments_are_the_video_and_each_is_run_with_all_it_needs(
    total, length, first, stride, detect, pose
):
    first = min(first, total - 1)
    stages = [stage("detect", *detect), stage("pose", *pose)]
    frames = FrameRange(first, None, stride)
    found = segments(stages, frames, total, length)
    used = list(range(first, total, stride))
    held = [i for s in found for i in range(s.first, s.end or total, stride)]
    assert held == used
    for each in found:
        run = [index for index in used if index in each.run]
        assert (each.run.first - first) % stride == 0
        for index in (each.first, held[-1] if each.end is None else each.end - stride):
            needed = {index}
            for context, block in (pose, detect):
                around = {i for n in needed for i in used if abs(i - n) <= context * stride}
                needed = {i for n in around for i in used if i // block == n // block}
            assert needed <= set(run)
