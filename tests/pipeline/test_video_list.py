"""Lists of videos: text, csv and parquet, with options for each, and what is wrong with one."""

from dataclasses import replace

import pytest

from hie_cli.core.errors import ConfigError, InputError
from hie_cli.pipeline.settings import ChainConfig
from hie_cli.pipeline.video_list import read_list
from hie_cli.video.frame_range import FrameRange

PLAIN = ChainConfig()


def names(path) -> list[str]:
    return [str(each.piece.path.relative_to(path.parent)) for each in read_list(path, PLAIN)]


def test_text_is_a_path_a_line_seen_from_the_lists_folder(tmp_path):
    path = tmp_path / "videos.txt"
    path.write_text("a.mp4\n\nsub/b c.mp4\n  d.avi  \na.mp4\n")
    assert names(path) == ["a.mp4", "sub/b c.mp4", "d.avi"]
    found = read_list(path, PLAIN, FrameRange(0, 10))
    assert {each.piece.frames for each in found} == {FrameRange(0, 10)}
    assert all(each.config is PLAIN for each in found)


def test_csv_has_frames_times_and_settings_for_each_video(tmp_path):
    path = tmp_path / "videos.csv"
    path.write_text(
        "video,frames,begin,end,detect.min_score,track.online\n"
        'a.mp4,10:20,,,,\n"b, c.mp4",,00:10,20,0.3,true\nd.mp4,,,,,\n'
    )
    first, second, third = read_list(path, PLAIN)
    assert first.piece.frames == FrameRange(10, 20)
    assert (second.piece.name, second.piece.frames) == ("b, c", FrameRange(begin=10.0, until=20.0))
    assert second.config == replace(
        PLAIN,
        detect=replace(PLAIN.detect, min_score=0.3),
        track=replace(PLAIN.track, online=True),
    )
    assert third.piece.frames == FrameRange()
    assert third.config == PLAIN


def test_parquet_is_the_same_table(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet

    path = tmp_path / "videos.parquet"
    table = {"video": ["a.mp4", "b.mp4"], "detect.min_score": [0.25, None]}
    pyarrow.parquet.write_table(arrow.table(table), path)
    first, second = read_list(path, PLAIN)
    assert (first.config.detect.min_score, second.config) == (0.25, PLAIN)


@pytest.mark.parametrize(
    ("name", "text", "error", "told"),
    [
        ("a.txt", "", InputError, "names no video"),
        ("a.csv", "path\na.mp4\n", InputError, "line 1: no column 'video'"),
        ("a.csv", "video,frames\na.mp4\n", InputError, "line 2: has more or fewer cells"),
        ("a.csv", "video,frames\na.mp4,x\n", ConfigError, r"line 2: --frames x: expected FIRST"),
        ("a.csv", "video,weather\na.mp4,dry\n", ConfigError, "column 'weather' is no option"),
        ("a.csv", "video,detect.mni\na.mp4,1\n", ConfigError, "line 2: .*mni"),
        ("a.csv", "video,frames\na.mp4,:5\nsub/a.mp4,\n", ConfigError, "line 3: .*shares the name"),
        ("a.csv", "video\n\n,\n", InputError, "line"),
        ("a.parquet", "no table", InputError, "not a parquet file"),
        ("none/a.txt", None, InputError, "no such file"),
    ],
)
def test_what_is_wrong_is_one_line_that_names_the_place(tmp_path, name, text, error, told):
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    with pytest.raises(error, match=told) as caught:
        read_list(path, PLAIN)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
