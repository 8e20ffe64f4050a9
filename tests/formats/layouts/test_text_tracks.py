import zipfile
from pathlib import Path

import numpy as np
import pytest

from hie_cli.core.errors import InputError
from hie_cli.formats.layouts import text_tracks
from hie_cli.formats.layouts.seqinfo import parse_seqinfo
from hie_cli.formats.readers import read_sequences
from hie_cli.formats.results import read_results
from hie_cli.formats.truth import read_truth


def test_nobody() -> None:
    assert text_tracks.read_rows("", "a.txt", 0).shape == (0, 7)
    assert text_tracks.parse_truth("\n\n", "a.txt", "a", 0).frames == ()
    assert text_tracks.parse_results("\ufeff", "a.txt", 1) == ()


def test_hieve_counts_from_0_and_flag_0_is_ignored() -> None:
    """x2 = x + w = 10 + 5; flag 0 does not count, any other flag does."""
    text = "0,7,10,20,5,8,1,-1,-1,-1\r\n2,7,11,20,5,8,0,-1,-1,-1\r\n2,0,1,1,2,2,2,-1,-1,-1\r\n"
    sequence = text_tracks.parse_truth(text, "20.txt", "20", 0)
    assert [len(f) for f in sequence.frames] == [1, 0, 2]
    assert sequence.frames[0].boxes.tolist() == [[10, 20, 15, 28]]
    assert sequence.frames[2].track_ids.tolist() == [7, 0]
    assert sequence.frames[2].ignore.tolist() == [True, False]
    assert sequence.frames[2].distractor is None
    assert all(f.annotated for f in sequence.frames)


def test_mot16_classes() -> None:
    """Frame 1 is our 0. Only pedestrians (1) count; 2, 7, 8, 12 take detections with them."""
    rows = [f"1,{c},0,0,9,9,1,{c},0.5" for c in range(1, 14)] + ["1,20,0,0,9,9,0,1,1"]
    (frame,) = text_tracks.parse_truth("\n".join(rows), "gt.txt", "MOT16-02", 1).frames
    assert np.flatnonzero(~frame.ignore).tolist() == [0]
    assert frame.distractor is not None
    assert frame.track_ids[frame.distractor].tolist() == [2, 7, 8, 12]


def test_last_columns_that_are_not_kept_are_counted() -> None:
    """Rows 2 and 3 are partly visible; class 3 is not kept, class 8 stands for all distractors."""
    text = "1,1,0,0,9,9,1,1,1\n1,2,0,0,9,9,1,8,0.5\n1,3,0,0,9,9,0,3,0\n"
    sequence = text_tracks.parse_truth(text, "gt.txt", "MOT16-02", 1)
    assert dict(sequence.dropped) == {"classes of ignored boxes": 1, "visible shares of boxes": 2}
    text = "1,1,0,0,9,9,1,5,5,0\n2,1,0,0,9,9,1,-1,-1,-1\n"
    assert text_tracks.parse_truth(text, "gt.txt", "PETS", 1).dropped == (("world coordinates", 1),)


def test_mot20_has_one_distractor_more(tmp_path: Path) -> None:
    gt = tmp_path / "MOT20-01" / "gt" / "gt.txt"
    gt.parent.mkdir(parents=True)
    gt.write_text("1,1,0,0,9,9,1,6,1\n1,2,0,0,9,9,1,1,1\n")
    (sequence,) = read_truth(tmp_path).values()
    assert sequence.name == "MOT20-01"
    assert sequence.frames[0].distractor.tolist() == [True, False]


def test_seqinfo_gives_length_size_and_rate(tmp_path: Path) -> None:
    root = tmp_path / "MOT17-02"
    (root / "gt").mkdir(parents=True)
    (root / "det").mkdir()
    (root / "gt" / "gt.txt").write_text("2,1,0,0,9,9,1,1,1\n")
    (root / "det" / "det.txt").write_text("1,-1,0,0,9,9,0.5,-1,-1,-1\n")
    info = root / "seqinfo.ini"
    info.write_text("[Sequence]\nseqLength=4\nimWidth=640\nimHeight=480\nframeRate=14\n")
    (sequence,) = read_truth(tmp_path).values()
    assert (sequence.width, sequence.height, sequence.fps) == (640, 480, 14.0)
    assert [len(f) for f in sequence.frames] == [0, 1, 0, 0]
    info.write_text("[Sequence]\nseqLength=1\n")
    with pytest.raises(InputError, match="frame 2 lies past the sequence's 1 frames"):
        read_truth(tmp_path)["MOT17-02"]
    info.write_text("[Sequence]\nseqLength=many\n")
    with pytest.raises(InputError, match=r"seqinfo\.ini: broken"):
        read_truth(tmp_path)["MOT17-02"]


def test_seqinfo_beside_detections_gives_length_size_and_rate(tmp_path: Path) -> None:
    """So that boxes can be tracked as they were downloaded."""
    root = tmp_path / "MOT17-02"
    (root / "det").mkdir(parents=True)
    det = root / "det" / "det.txt"
    det.write_text("1,-1,0,0,9,9,0.5,-1,-1,-1\n3,-1,0,0,9,9,0.4,-1,-1,-1\n")
    (sequence,) = read_sequences(det)
    assert (sequence.width, sequence.fps, sequence.num_frames) == (None, None, 3)
    (root / "seqinfo.ini").write_text(
        "[Sequence]\nseqLength=4\nimWidth=640\nimHeight=480\nframeRate=14\n"
    )
    (sequence,) = read_sequences(det)
    assert (sequence.width, sequence.height, sequence.fps) == (640, 480, 14.0)
    assert (sequence.name, sequence.num_frames) == ("MOT17-02", 4)
    assert not sequence.is_truth


BAD = {
    "6 columns": ("0,1,1,1,1,1\n", "line 1: 6 columns; expected 7 to 10"),
    "ragged": ("0,1,1,1,1,1,1\n1,1,1,1,1,1,1,1\n", "line 2: 8 columns where earlier lines have 7"),
    "words": ("\n0,1,1,1,1,x,1\n", "line 2: height is 'x'; expected a number"),
    "nan": ("0,1,nan,1,1,1,1\n", "line 1: left is nan; numbers must be finite"),
    "infinite": ("0,1,1,1,1,1,inf\n", "line 1: conf is inf"),
    "negative frame": ("-1,1,1,1,1,1,1\n", "line 1: frame -1; expected a whole number from 0"),
    "half frame": ("0.5,1,1,1,1,1,1\n", "line 1: frame 0.5"),
    "huge frame": ("9999999999,1,1,1,1,1,1\n", "line 1: frame 1e+10"),
    "half id": ("0,1.5,1,1,1,1,1\n", "line 1: id 1.5"),
    "negative id": ("0,-2,1,1,1,1,1\n", "line 1: id -2"),
    "reversed": ("0,1,1,1,-3,1,1\n", "line 1: width -3; expected left,top,width,height"),
    "twice": ("0,1,1,1,1,1,1\n3,1,1,1,1,1,1\n0,1,2,2,2,2,1\n", "line 3: frame 0 id 1 occurs twice"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_lines_are_named(name: str) -> None:
    text, message = BAD[name]
    with pytest.raises(InputError) as error:
        text_tracks.read_rows(text, "20.txt", 0)
    assert f"20.txt: {message}" in str(error.value)


def test_first_frame_of_mot_is_1() -> None:
    with pytest.raises(InputError, match="line 1: frame 0; expected a whole number from 1"):
        text_tracks.parse_results("0,1,1,1,1,1,1\n", "a.txt", 1)


def test_all_bad_lines_are_listed() -> None:
    text = "0,1,1,1,1,1,1\n0,1,1,1,1,1,1\n0,2,x,1,1,1,1\n0,3,1,1,1,1,1\n"
    assert [line for line, _ in text_tracks.problems(text.splitlines(), 0)] == [2, 3]


@pytest.mark.parametrize(
    ("text", "name", "base"),
    [
        ("0,1,1,1,1,1,1,-1,-1,-1\n", "x", 0),  # frame 0 proves HiEve
        ("5 1 1 1 1 1 1 -1 -1 -1\n0 1 1 1 1 1 1 -1 -1 -1\n", "x", 0),
        ("5,1,1,1,1,1,1,-1,-1,-1\n0,1,1,1,1,1,1,-1,-1,-1\n", "x", 0),
        ("1,1,1,1,1,1,1,-1,-1,-1\n", "20", 0),  # a HiEve name
        ("1,1,1,1,1,1,1,-1,-1,-1\n", "MOT16-02", 1),
        ("1,1,1,1,1,1,1,1,0.5\n", "20", 1),  # nine columns
        ("1,1,1,1,1,1,1,-4.1,-7.3,0\n", "20", 1),  # MOT15's world coordinates
        ("1,1,1,1,1,1,1,-1,-1,-1\n", "gt", 1),
        ("", "20", 0),
        ("", "x", 1),
    ],
)
def test_which_frame_is_the_first(text: str, name: str, base: int) -> None:
    assert text_tracks.guess_base(text, name) == base


def test_hieve_text_in_a_folder_named_gt(tmp_path: Path) -> None:
    path = tmp_path / "gt" / "20.txt"
    path.parent.mkdir()
    path.write_text("0,1,0,0,20,40,1,-1,-1,-1\n")
    assert len(read_truth(path)["20"].frames[0]) == 1


def test_detections_have_no_ids(tmp_path: Path) -> None:
    path = tmp_path / "20.txt"
    path.write_text("0,-1,1,1,1,1,0.5\n0,-1,2,2,1,1,0.25\n")
    (item,) = read_results(path)["20"]
    assert item.people.track_ids is None
    assert item.people.scores.tolist() == [0.5, 0.25]


def test_layout_overrides_the_guess(tmp_path: Path) -> None:
    path = tmp_path / "20.txt"
    path.write_text("1,1,1,1,1,1,1\n")
    assert read_results(path)["20"][0].index == 1
    assert read_results(path, "mot")["20"][0].index == 0
    assert len(read_truth(path, "track1")["20"].frames) == 2


def test_spaces_separate_too() -> None:
    (item,) = text_tracks.parse_results("1 4 10 20 5 8 0.5\n", "a.txt", 1)
    assert item.people.boxes.tolist() == [[10, 20, 15, 28]]


ROW = "5,1,10,20,5,8,1"


@pytest.mark.parametrize(
    "text",
    [
        "0,1,1,1,1,1,1\n" + ROW,
        "0,1,1,1,1,1,1,-1,-1,-1,7\n" + ROW + ",-1,-1,-1,7",  # eleven columns
        "0,1,1,1,1,1,1,\n" + ROW + ",\n",  # a comma at the end
        "0,1,1,1,1,1,1,\n" + ROW + "\n",  # on some lines
        "frame,id,left,top,width,height,conf\n0,1,1,1,1,1,1\n" + ROW,  # a line of names
        "# Frame,ID\n\n0,1,1,1,1,1,1\n" + ROW,
        "0,1,1,1,1,1,1,1,0.5\n" + ROW + ",1,1",  # MOT16's columns from frame 0
        "0 1 1 1 1 1 1\n" + ROW.replace(",", " "),
    ],
)
def test_rows_as_others_write_them(tmp_path: Path, text: str) -> None:
    """Frame 0 makes it HiEve's, so that frame 5 stays 5; x2 = 10 + 5, y2 = 20 + 8."""
    path = tmp_path / "clip.txt"
    path.write_text(text)
    truth = read_truth(path)["clip"]
    assert len(truth.frames) == 6
    assert truth.frames[5].boxes.tolist() == [[10, 20, 15, 28]]
    assert truth.frames[5].ignore.tolist() == [False]
    assert [item.index for item in read_results(path)["clip"]] == [0, 5]


def test_no_class_counts(tmp_path: Path) -> None:
    """In nine columns class 1 counts, -1 says nothing, any other is ignored."""
    rows = "".join(f"0,{i},0,0,9,9,1,{kind},1\n" for i, kind in enumerate((1, -1, 3)))
    (frame,) = text_tracks.parse_truth(rows, "a.txt", "a", 0).frames
    assert frame.ignore.tolist() == [False, False, True]


def test_names_are_lines_of_their_own(tmp_path: Path) -> None:
    """The line of names is counted: the bad line is the third of the file."""
    with pytest.raises(InputError, match="line 3: left is 'x'"):
        text_tracks.read_rows("frame,id,left\n0,1,1,1,1,1,1\n0,2,x,1,1,1,1\n", "a.txt", 0)


def test_length_stated_and_open(tmp_path: Path) -> None:
    """Rows to frame 2; seqinfo.ini beside the file says 10 frames, without it the end is open."""
    path = tmp_path / "20.txt"
    path.write_text("0,1,1,1,1,1,1\n2,1,1,1,1,1,1\n")
    truth = read_truth(path)["20"]
    assert (len(truth.frames), truth.open_end) == (3, True)
    (tmp_path / "seqinfo.ini").write_text("[Sequence]\nseqLength=10\nframeRate=25\n")
    truth = read_truth(path)["20"]
    assert (len(truth.frames), truth.open_end, truth.fps) == (10, False, 25.0)


def test_seqinfo_in_an_archive(tmp_path: Path) -> None:
    path = tmp_path / "MOT.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("MOT16-02/gt/gt.txt", "1,1,0,0,9,9,1,1,1\n")
        archive.writestr("MOT16-02/seqinfo.ini", "[Sequence]\nseqLength=4\nimWidth=64\n")
    truth = read_truth(path)["MOT16-02"]
    assert (len(truth.frames), truth.width) == (4, 64)


@pytest.mark.parametrize(
    "line",
    [
        "frameRate=0",
        "frameRate=inf",
        "frameRate=-5",
        f"imWidth=1{'0' * 400}",
        "seqLength=-1",
        "imHeight=0",
    ],
)
def test_absurd_seqinfo(line: str) -> None:
    key = line.split("=")[0]
    with pytest.raises(InputError, match=rf"seqinfo\.ini: {key} .*: expected"):
        parse_seqinfo(f"[Sequence]\n{line}\n", "seqinfo.ini")


def test_digits_are_kept(tmp_path: Path) -> None:
    """float32 would make 100.1234 + 50.0001 of it 150.12350463867188."""
    path = tmp_path / "20.txt"
    path.write_text("0,1,100.1234,20,50.0001,8,0.123456789\n")
    (item,) = read_results(path)["20"]
    assert item.people.boxes[0, 2] == 100.1234 + 50.0001
    assert item.people.scores[0] == 0.123456789
    assert read_truth(path)["20"].frames[0].boxes[0, 0] == 100.1234


def test_rows_without_a_score_are_told_what_to_write() -> None:
    with pytest.raises(InputError, match=r"6 columns; .*; without scores write 1 as conf"):
        text_tracks.read_rows("0,1,1,1,1,1\n", "20.txt", 0)
    with pytest.raises(InputError, match="5 columns; expected 7 to 10") as error:
        text_tracks.read_rows("0,1,1,1,1\n", "20.txt", 0)
    assert "without scores" not in str(error.value)
