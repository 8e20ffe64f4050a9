import zipfile
from pathlib import Path

import numpy as np
import pytest

from hie_cli.core.errors import ConfigError, InputError
from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.formats.documents.document import Header
from hie_cli.formats.documents.writer import DocumentWriter
from hie_cli.formats.limits import HIEVE_FRAMES
from hie_cli.formats.results import read_results
from hie_cli.formats.submission import (
    UnsoundError,
    check_file,
    gather,
    parse_sequences,
    write_submission,
)
from hie_cli.formats.submission_checks import SHOWN

NAMES: dict[str, int | None] = {"20": 3, "21": 3}


def people(n: int, stage: str = "action") -> People:
    found = People(np.array([[1.0, 2, 11, 22]] * n).reshape(n, 4), np.full(n, 0.5))
    if stage != "detect":
        points = np.arange(n * 28.0).reshape(n, 14, 2)
        found = found.replace(keypoints=points, keypoint_scores=np.full((n, 14), 0.25))
    if stage in ("track", "action"):
        found = found.replace(track_ids=np.arange(n))
    if stage == "action":
        found = found.replace(action_scores=np.full((n, 14), 0.125))
    return found


def document(
    folder: Path, name: str, frames: int = 3, stage: str = "action", count: int | None = None
) -> Path:
    path = folder / f"{name}.json"
    header = Header(stage, VideoInfo(name, 640, 480, 25.0, frames))
    with DocumentWriter(path, header) as writer:
        for t in range(frames if count is None else count):
            writer.write(FramePeople(t, people(t % 3, stage)))
    return path


def make(tmp_path: Path, track: int, stage: str = "action") -> Path:
    for name in NAMES:
        document(tmp_path / "docs", name, stage=stage)
    path = tmp_path / f"track{track}.zip"
    found, problems = gather([tmp_path / "docs"])
    assert problems == []
    write_submission(found, track, NAMES, path)
    return path


def test_the_test_set_of_the_challenge() -> None:
    """13 sequences of 16,877 frames; train and test together hold 49,820."""
    assert sum(parse_sequences(None).values()) == 16_877
    assert sum(HIEVE_FRAMES.values()) == 49_820
    assert HIEVE_FRAMES["1"] == 1798
    assert HIEVE_FRAMES["20"] == 1809


def test_sequences() -> None:
    assert parse_sequences("20-21, 5") == {"20": 1809, "21": 500, "5": 1434 + 720}
    assert parse_sequences("clip:300,other") == {"clip": 300, "other": None}
    for text in ("", "a:", "a:b", "20,,21"):
        with pytest.raises(ConfigError, match="--sequences"):
            parse_sequences(text)


@pytest.mark.parametrize("track", [1, 2, 3, 4])
def test_what_is_written_is_sound(tmp_path: Path, track: int) -> None:
    path = make(tmp_path, track)
    with zipfile.ZipFile(path) as archive:
        ending = ".txt" if track == 1 else ".json"
        assert archive.namelist() == [f"20{ending}", f"21{ending}"]
    assert check_file(path, track, NAMES) == []


@pytest.mark.parametrize("track", [1, 2, 3, 4])
def test_same_results_same_bytes(tmp_path: Path, track: int) -> None:
    first = make(tmp_path / "a", track).read_bytes()
    second = make(tmp_path / "b", track).read_bytes()
    assert first == second


def test_track_1_rows(tmp_path: Path) -> None:
    """xyxy 1,2,11,22 is left 1, top 2, width 10, height 20; frames count from 0."""
    with zipfile.ZipFile(make(tmp_path, 1)) as archive:
        rows = archive.read("20.txt").decode().splitlines()
    assert rows == [
        "1,0,1,2,10,20,0.5,-1,-1,-1",
        "2,0,1,2,10,20,0.5,-1,-1,-1",
        "2,1,1,2,10,20,0.5,-1,-1,-1",
    ]


def test_track_2_from_poses_gets_ids(tmp_path: Path) -> None:
    """Readers of Track 2 fail without a track_id, so people are numbered within each frame."""
    path = make(tmp_path, 2, stage="pose")
    frames = read_results(path)["20"]
    assert [len(item.people) for item in frames] == [0, 1, 2]
    assert frames[2].people.track_ids.tolist() == [0, 1]
    with zipfile.ZipFile(path) as archive:
        assert b"actions" not in archive.read("20.json")


def problems_of(tmp_path: Path, track: int, expected: dict[str, int | None]) -> list[str]:
    found, problems = gather([tmp_path / "docs"])
    target = tmp_path / "out.zip"
    with pytest.raises(UnsoundError) as error:
        write_submission(found, track, expected, target, problems)
    assert not target.exists()
    return error.value.problems


def test_all_problems_at_once(tmp_path: Path) -> None:
    document(tmp_path / "docs", "20", frames=4)
    document(tmp_path / "docs", "9")
    (tmp_path / "docs" / "22.json").write_text('{"annolist":[{"image":7}]}')
    problems = problems_of(tmp_path, 3, {**NAMES, "22": 3})
    text = "\n".join(problems)
    assert "sequence 21 is missing" in text
    assert "sequence 9 is not asked for" in text
    assert "frame 3 lies past the sequence's 3 frames, which count from 0 to 2" in text
    assert "its video has 4 frames, the sequence 3" in text
    assert "22.json: entry 0: not an annolist entry" in text


@pytest.mark.parametrize(
    ("track", "stage", "message"),
    [
        (1, "pose", "frame 1 and 1 more hold people without a track id; run `hie track`"),
        (3, "pose", "people without a track id; run `hie track`"),
        (2, "detect", "nobody has a joint; run `hie pose`"),
        (4, "track", None),
    ],
)
def test_an_earlier_stage(tmp_path: Path, track: int, stage: str, message: str | None) -> None:
    """Track 4 looks at every 20th frame only, and frame 0 holds nobody here."""
    document(tmp_path / "docs", "20", stage=stage)
    if message is not None:
        assert any(message in problem for problem in problems_of(tmp_path, track, {"20": 3}))
    document(tmp_path / "docs", "20", frames=50, stage="track")
    if track == 4:
        (problem,) = problems_of(tmp_path, 4, {"20": 50})
        assert (
            "frame 20 and 1 more hold people without action scores (every 20th frame is judged)"
            in problem
        )


def test_part_of_a_video(tmp_path: Path) -> None:
    path = tmp_path / "docs" / "20.json"
    header = Header("track", VideoInfo("20", 640, 480, 25.0, 9), frames=(3, 9, 2))
    with DocumentWriter(path, header) as writer:
        writer.write(FramePeople(3, people(1, "track")))
    (problem,) = problems_of(tmp_path, 1, {"20": 9})
    assert "covers frame 3 to frame 8 in steps of 2; run the whole video" in problem


def test_one_sequence_twice(tmp_path: Path) -> None:
    document(tmp_path / "docs" / "track", "20")
    document(tmp_path / "docs" / "pose", "20")
    assert any("sequence 20 is also in" in p for p in problems_of(tmp_path, 1, {"20": 3}))


def test_every_bad_line_of_a_text_file(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    bad = "0,1,1,1,1,nan,1\n0,1,1,1,-1,1,1\n" + "0,x,1,1,1,1,1\n" * 9
    (tmp_path / "docs" / "20.txt").write_text(bad)
    problems = problems_of(tmp_path, 1, {"20": 3})
    assert "line 1: height is nan" in problems[0]
    assert "line 2: width -1" in problems[1]
    assert problems[SHOWN].endswith("and 6 more like these")


def archive(path: Path, **members: str) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, text in members.items():
            file.writestr(name.replace("__", "/").replace("_", "."), text)
    return path


ROW = "0,1,1,1,1,1,1,-1,-1,-1\n"
ANNOLIST = '{"annolist":[{"image":[{"name":"000000.jpg"}],"annorect":[%s]}]}'
RECT = '{"x1":[0],"y1":[0],"x2":[1],"y2":[1],"score":[1]}'


def test_existing_zips(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    one: dict[str, int | None] = {"20": 1}
    assert check_file(archive(path, **{"20_txt": ROW}), 1, one) == []
    assert check_file(archive(path, **{"20_txt": ROW}), 1, NAMES) == ["sequence 21 is missing"]
    problems = check_file(archive(path, x__20_txt=ROW), 1, one)
    assert problems[0].endswith(
        "'x/20.txt' is not in the root of the zip; zip the files, not their folder"
    )
    assert "sequence 20 is missing" in problems
    problems = check_file(archive(path, **{"20_json": "{}"}), 1, one)
    assert "'20.json' does not end in .txt" in problems[0]
    (problem,) = check_file(archive(path, **{"20_txt": ROW.replace("0", "1", 1)}), 1, one)
    assert "frame 1 lies past the sequence's 1 frames" in problem
    assert problem.endswith("are these frames counted from 1?")
    (problem,) = check_file(archive(path, **{"20_txt": ROW.replace(",1", ",-1", 1)}), 1, one)
    assert "people without a track id" in problem
    assert check_file(archive(path), 1, one) == ["sequence 20 is missing"]
    (problem,) = check_file(archive(path, ______20_txt=ROW), 1, one)
    assert "leaves the archive" in problem


def test_existing_annolist_zips(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", **{"20_json": ANNOLIST % RECT})
    problems = check_file(path, 2, {"20": 2})
    assert any("frame 1 is missing; every frame needs an entry" in p for p in problems)
    assert any("people without a track id" in p for p in problems)
    assert any("nobody has a joint" in p for p in problems)
    path = archive(tmp_path / "a.zip", **{"20_json": ANNOLIST % "" + "x"})
    assert any("broken JSON" in p for p in check_file(path, 2, {"20": 1}))


def test_no_zip(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_text("x")
    with pytest.raises(InputError, match="not a readable zip archive"):
        check_file(path, 1, NAMES)
