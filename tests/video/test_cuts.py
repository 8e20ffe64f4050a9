"""Cut lists: read, or refused in one line; pieces found by name or by path."""

import json

import pytest

from hie_cli.core.errors import ConfigError, InputError
from hie_cli.video.cuts import Cut, Piece, find_pieces, piece_name, read_cuts
from hie_cli.video.frame_range import FrameRange


def write(folder, *entries):
    path = folder / "cuts.json"
    cuts = [{"video": video, "frames": frames} for video, frames in entries]
    path.write_text(json.dumps({"cuts": cuts}))
    return path


def test_cuts_are_read_in_their_order_and_once(tmp_path):
    path = write(tmp_path, ("b", [4, 9]), ("a", [0, 2]), ("b", [4, 9]))
    assert read_cuts(path) == [Cut("b", 4, 9), Cut("a", 0, 2)]


def test_pieces_are_found_among_the_given_videos_by_name(tmp_path):
    path = write(tmp_path, ("a", [4, 9]), ("elsewhere/a.mp4", [10, 12]))
    videos = [tmp_path / "pool" / "a.avi", tmp_path / "pool" / "b.avi"]
    assert find_pieces(path, videos) == [
        Piece(videos[0], FrameRange(4, 9), "a-4-9"),
        Piece(videos[0], FrameRange(10, 12), "a-10-12"),
    ]
    assert piece_name("a", 4, 9) == "a-4-9"


def test_without_videos_names_are_paths_from_the_lists_folder(tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a.avi").touch()
    (tmp_path / "lists").mkdir()
    path = write(tmp_path / "lists", ("../x/a.avi", [0, 5]))
    assert [piece.name for piece in find_pieces(path)] == ["a-0-5"]
    absolute = write(tmp_path, (str(tmp_path / "x" / "a.avi"), [0, 5]))
    assert find_pieces(absolute)[0].path == tmp_path / "x" / "a.avi"


def test_two_videos_of_one_name_are_refused(tmp_path):
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.avi").touch()
    path = write(tmp_path, ("x/a.avi", [0, 5]), ("y/a.avi", [0, 5]))
    with pytest.raises(ConfigError, match="share the name 'a-0-5'"):
        find_pieces(path)


@pytest.mark.parametrize(
    "frames", [[5, 5], [9, 4], [-1, 4], [0, 1.5], [True, 4], [0, 10**9], [0], "04", None, {}]
)
def test_frames_that_are_no_range_are_refused(tmp_path, frames):
    with pytest.raises(InputError, match="cut 1"):
        read_cuts(write(tmp_path, ("a", frames)))


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"cuts": []}', '{"cuts": 3}', '{"cuts": [7]}', "[" * 99_999, "\0"]
)
def test_what_is_no_cut_list_is_refused(tmp_path, text):
    path = tmp_path / "cuts.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"cuts\.json: "):
        read_cuts(path)


@pytest.mark.parametrize("name", ["none.avi", "a\x1b[2J\nb", "x" * 5000, "a\0b", "\ud800", ""])
def test_a_video_that_is_not_there_is_said_in_one_line(tmp_path, name):
    path = write(tmp_path, (name, [0, 5]))
    for videos in ([], [tmp_path / "b.avi"]):
        with pytest.raises(InputError, match="cut 1") as caught:
            find_pieces(path, videos)
        assert str(caught.value).isprintable()


def test_a_list_that_is_not_there_is_said(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_cuts(tmp_path / "none.json")
