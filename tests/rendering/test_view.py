import numpy as np
import pytest

from hie_cli.core.errors import ConfigError
from hie_cli.core.progress import set_reporter
from hie_cli.core.types import VideoInfo
from hie_cli.rendering.settings import RenderConfig
from hie_cli.rendering.view import View, overlay_view


def video(width: int, height: int, fps: float = 25.0) -> VideoInfo:
    return VideoInfo("clip", width, height, fps, 100)


def notes(*arguments) -> tuple[View, list[str]]:
    heard: list[str] = []
    set_reporter(lambda event: heard.append(event.text))
    try:
        return overlay_view(*arguments), heard
    finally:
        set_reporter(None)


def test_the_overlay_is_as_large_as_the_video():
    view, heard = notes(video(768, 576), RenderConfig())
    assert (view.width, view.height, view.scale) == (768, 576, 1.0)
    assert heard == []


def test_odd_sides_are_padded_by_their_edge_and_that_is_said():
    view, heard = notes(video(161, 119), RenderConfig())
    assert (view.width, view.height) == (162, 120)
    assert heard == ["clip: the overlay is 162x120: odd sides are padded by one pixel"]
    image = np.arange(119 * 161 * 3).reshape(119, 161, 3).astype(np.uint8)
    picture = view.picture(image)
    assert (picture[:119, :161] == image).all()
    assert (picture[:119, 161] == image[:, 160]).all()
    assert (picture[119, :161] == image[118]).all()


@pytest.mark.parametrize(
    ("width", "height", "fps", "largest"),
    [
        (1920, 1080, 30.0, 8192),  # 120 * 68 = 8160 macroblocks, 244,800 a second: as it is
        (1920, 1080, 60.0, 245_760 / 60),
        (3840, 2160, 25.0, 8192),
        (5000, 100, 10.0, 8192),  # wider than 4096
    ],
)
def test_what_level_41_cannot_hold_is_drawn_smaller_and_that_is_said(width, height, fps, largest):
    view, heard = notes(video(width, height, fps), RenderConfig())
    blocks = -(-view.width // 16) * -(-view.height // 16)
    assert blocks <= largest
    assert view.width <= 4096
    assert (view.scale == 1) == (not heard) == (fps == 30)
    assert blocks > 0.9 * min(largest, width * height / 256) or width == 5000
    assert view.width / view.height == pytest.approx(width / height, rel=0.03)


def test_slow_motion_needs_fewer_frames_a_second():
    view, _ = notes(video(1920, 1080, 60.0), RenderConfig(slow=2.0))
    assert (view.width, view.height) == (1920, 1080)
    view, _ = notes(video(1920, 1080, 60.0), RenderConfig(), 2)  # every second frame
    assert view.width == 1920


def test_crop_and_scale():
    view, heard = notes(video(640, 480), RenderConfig(crop=(100, 50, 200, 100), scale=2.0))
    assert (view.width, view.height) == (400, 200)
    assert view.points(np.array([110.0, 60.0])).tolist() == [20.0, 20.0]
    assert heard == []
    view, _ = notes(video(640, 480), RenderConfig(crop=(600, 400, 200, 200)))
    assert (view.width, view.height) == (40, 80), "cut at the video's border"
    with pytest.raises(
        ConfigError, match=r"--crop 700,0,20,20: lies outside of clip, which is 640"
    ):
        overlay_view(video(640, 480), RenderConfig(crop=(700, 0, 20, 20)))


@pytest.mark.parametrize("crop", [(1, 2, 3), (-1, 0, 20, 20), (0, 0, 1, 20)])
def test_impossible_crops_are_refused(crop):
    with pytest.raises(ValueError, match=r"render\.crop"):
        RenderConfig(crop=crop)


def test_a_view_beyond_the_border_is_black_there():
    image = np.full((4, 4, 3), 9, np.uint8)
    picture = View(-2, 2, 4, 4, 1.0, 4, 4).picture(image)
    assert (picture[:2, 2:] == 9).all()
    assert not picture[2:].any()
    assert not picture[:, :2].any()
    outside = View(10, 10, 4, 4, 1.0, 4, 4).picture(image)
    assert outside.shape == (4, 4, 3)
    assert not outside.any()
