import os
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from hie_cli.core.errors import InputError
from hie_cli.video.frame_range import FrameRange, parse_range
from hie_cli.video.sources import FALLBACK_FPS, VideoSource
from tests.support.paths import DATA, ROOT
from tests.support.stills import grey_image


def test_empty_file_is_one_clear_line(tmp_path):
    path = tmp_path / "none.mp4"
    path.touch()
    with pytest.raises(InputError, match=r"none\.mp4: empty file: give a video file"):
        VideoSource(path)


def test_missing_file():
    with pytest.raises(InputError, match="no such file"):
        VideoSource(Path("nowhere.mp4"))


def test_a_text_file_is_no_video(tmp_path):
    path = tmp_path / "text.mp4"
    path.write_text("hello " * 1000)
    with pytest.raises(InputError, match=r"text\.mp4: not a video"):
        VideoSource(path)


def test_info_and_frames_in_order(make_video):
    source = VideoSource(make_video(frames=12))
    assert (source.info.name, source.info.width, source.info.height) == ("tiny", 64, 48)
    assert (source.info.fps, source.info.num_frames, len(source)) == (10.0, 12, 12)
    frames = list(source)
    assert [frame.index for frame in frames] == list(range(12))
    for frame in frames:  # frame t is grey 8t, up to the codec's rounding
        assert abs(float(frame.image.mean()) - 8 * frame.index) < 3


def test_range_and_stride_keep_the_frames_own_indices(make_video):
    source = VideoSource(make_video(frames=12), FrameRange(2, 9, 3))
    assert [frame.index for frame in source] == [2, 5, 8]
    assert len(source) == 3


def test_range_beyond_the_end(make_video):
    with pytest.raises(InputError, match="has 12 frames, none in --frames 20:"):
        VideoSource(make_video(frames=12), FrameRange(20))


def test_truncated_video_names_the_frame_it_stopped_at(make_video, tmp_path):
    # An AVI keeps its frame count in the header: cutting the end off loses frames, not the count.
    whole = make_video("whole.avi", frames=200)
    cut = tmp_path / "cut.avi"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    source = VideoSource(cut)
    if source.info.num_frames is None or source.info.num_frames < 200:
        pytest.fail("this container no longer promises its frames; choose another")
    with pytest.raises(InputError, match=r"cut\.avi: decoding stopped at frame \d+ of 200"):
        list(source)


def test_variable_rate_counts_what_is_there():
    """Six test-picture frames at 0, .1, .2, .9, 1.2 and 1.5 s: five gaps in 1.5 s."""
    source = VideoSource(DATA / "variable-rate.mkv")
    assert source.info.num_frames == 6
    assert source.info.fps == pytest.approx(5 / 1.5)
    assert len(list(source)) == 6


def test_rotation_flag_is_applied():
    source = VideoSource(DATA / "rotated.mp4")  # stored 64x48, to be shown upright
    assert (source.info.width, source.info.height) == (48, 64)
    assert next(iter(source)).image.shape == (64, 48, 3)


def test_truncated_file_without_index(make_video, tmp_path):
    whole = make_video("whole.mkv", frames=200)
    assert VideoSource(whole).info.num_frames == 200
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(InputError, match=r"cut\.mkv: decoding stopped at .* s \(frame \d+\) of 20"):
        VideoSource(cut)


def test_image_folder_sorts_naturally(tmp_path):
    folder = tmp_path / "crowd"
    folder.mkdir()
    for number in (10, 2, 1):
        image = np.full((20, 30, 3), number, np.uint8)
        cv2.imwrite(str(folder / f"{number}.png"), image)
    source = VideoSource(folder, fps=12.5)
    assert (source.info.name, source.info.fps, source.info.num_frames) == ("crowd", 12.5, 3)
    assert [int(frame.image[0, 0, 0]) for frame in source] == [1, 2, 10]


def test_image_folder_of_mixed_sizes(tmp_path):
    cv2.imwrite(str(tmp_path / "0.png"), np.zeros((20, 30, 3), np.uint8))
    cv2.imwrite(str(tmp_path / "1.png"), np.zeros((21, 30, 3), np.uint8))
    with pytest.raises(InputError, match=r"1\.png: 30x21 pixels: the folder's first image has"):
        list(VideoSource(tmp_path))


def test_broken_image_in_folder(tmp_path):
    cv2.imwrite(str(tmp_path / "0.png"), np.zeros((20, 30, 3), np.uint8))
    (tmp_path / "1.png").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"1\.png: not an image"):
        list(VideoSource(tmp_path))


def test_empty_folder(tmp_path):
    with pytest.raises(InputError, match="holds neither videos nor images"):
        VideoSource(tmp_path)


def test_the_real_sample(sample_clip):
    info = VideoSource(sample_clip).info
    assert (info.width, info.height, info.fps, info.num_frames) == (768, 576, 10.0, 100)


def test_decoder_prints_nothing_of_its_own():
    assert os.environ["OPENCV_FFMPEG_LOGLEVEL"] == "-8"


def test_one_image_is_a_video_of_one_frame(tmp_path):
    source = VideoSource(grey_image(tmp_path / "photo.png"))
    assert (source.info.name, source.info.num_frames, len(list(source))) == ("photo", 1, 1)


def test_images_of_two_sizes_name_the_way_out(tmp_path):
    grey_image(tmp_path / "a.jpg", 64, 48)
    grey_image(tmp_path / "b.jpg", 80, 60)
    with pytest.raises(InputError, match=r"b\.jpg: 80x60 pixels: .*64x48; --stills takes"):
        list(VideoSource(tmp_path))


@pytest.mark.parametrize("size", [(8, 8), (1, 1), (600, 2)])
def test_a_picture_too_small_for_a_person_is_refused(tmp_path, size):
    with pytest.raises(InputError, match=f"{size[0]}x{size[1]} pixels"):
        VideoSource(grey_image(tmp_path / "dot.png", *size))


def test_a_span_of_time_by_time_stamps():
    """Frames at 0, .1, .2, .9, 1.1 and 1.5 s."""
    pytest.importorskip("av", reason="PyAV is not installed")
    source = VideoSource(DATA / "variable-rate.mkv", parse_range(":", 0.2, 1.1))
    assert [frame.index for frame in source] == [2, 3]


def test_a_span_of_time_past_the_end():
    with pytest.raises(InputError, match="none in --begin and --end, frames"):
        VideoSource(ROOT / "data" / "pets09-sample.mp4", parse_range(":", "59:00"))


def patched(path, chunk: bytes, offset: int, *values: int):
    """An AVI file with 32-bit ``values`` written behind a chunk's header."""
    data = bytearray(path.read_bytes())
    struct.pack_into(f"<{len(values)}I", data, data.find(chunk) + 8 + offset, *values)
    path.write_bytes(data)


def test_more_frames_than_promised_are_all_used(make_video):
    path = make_video(frames=12)
    patched(path, b"avih", 16, 5)  # total frames
    patched(path, b"strh", 32, 5)  # length
    source = VideoSource(path)
    assert source.info.num_frames == 5
    assert [frame.index for frame in source] == list(range(12))


def test_a_rate_that_no_video_has_is_not_believed(make_video):
    path = make_video(frames=3)
    patched(path, b"strh", 20, 4_000_000_000, 1)  # scale, rate
    patched(path, b"avih", 0, 0)  # microseconds a frame
    assert VideoSource(path).info.fps == FALLBACK_FPS
