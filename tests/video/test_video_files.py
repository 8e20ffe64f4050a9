from pathlib import Path

import pytest

from hie_cli.core.errors import ConfigError, InputError
from hie_cli.video.video_files import find_videos, video_name
from tests.support.stills import grey_image


def test_find_videos_by_folder_and_glob(make_video, tmp_path):
    a, b = make_video("a.avi"), make_video("b.AVI")
    assert find_videos([str(tmp_path)]) == [a, b]
    assert find_videos([str(tmp_path / "a*")]) == [a]
    assert find_videos([str(a), str(a)]) == [a]


def test_find_videos_refuses_two_of_one_name(make_video, tmp_path):
    (tmp_path / "other").mkdir()
    a = make_video("a.avi")
    b = tmp_path / "other" / "a.mp4"
    b.write_bytes(a.read_bytes())
    with pytest.raises(ConfigError, match="share the name 'a'"):
        find_videos([str(a), str(b)])


def test_find_videos_nothing_found():
    with pytest.raises(InputError, match="no video matches this pattern"):
        find_videos(["nothing/*.mp4"])
    assert find_videos(["nothing/a.mp4"]) == [Path("nothing/a.mp4")]


def test_mot_image_folders_take_their_parents_name(tmp_path):
    folder = tmp_path / "MOT16-04" / "img1"
    folder.mkdir(parents=True)
    assert video_name(folder) == "MOT16-04"
    assert video_name(Path("6.MP4")) == "6"


def test_stills_are_sources_of_their_own(tmp_path):
    grey_image(tmp_path / "b.jpg", 64, 48)
    grey_image(tmp_path / "a.jpg", 80, 60)
    assert find_videos([str(tmp_path)]) == [tmp_path]
    assert [p.name for p in find_videos([str(tmp_path)], stills=True)] == ["a.jpg", "b.jpg"]


def test_a_folder_of_videos_and_images_says_what_is_left_out(make_video, tmp_path, monkeypatch):
    told: list[object] = []
    monkeypatch.setattr("hie_cli.core.progress._reporter", told.append)
    make_video("clip.avi")
    grey_image(tmp_path / "poster.jpg")
    assert [p.name for p in find_videos([str(tmp_path)])] == ["clip.avi"]
    assert "1 videos and 1 images; the videos are used" in str(told[0])
