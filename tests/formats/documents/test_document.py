import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hie_cli.core.errors import InputError
from hie_cli.core.types import ExactPeople, FramePeople, People, VideoInfo
from hie_cli.formats.documents.document import Document, Header
from hie_cli.formats.documents.entries import frame_number, parse_frame
from hie_cli.formats.documents.rounding import rounded, rounded_frame
from hie_cli.formats.documents.writer import DocumentWriter, frame_line

VIDEO = VideoInfo("20", 640, 480, 25.0, 9)
HEADER = Header("track", VIDEO, config=(("detect", {}), ("pose", {}), ("track", {})))
ARRAYS = [f.name for f in dataclasses.fields(People)]


def write(path: Path, frames: list[FramePeople], header: Header = HEADER) -> Path:
    with DocumentWriter(path, header) as writer:
        for item in frames:
            writer.write(item)
    return path


def same(a: People, b: People) -> None:
    for name in ARRAYS:
        left, right = getattr(a, name), getattr(b, name)
        assert (left is None) == (right is None), name
        if left is not None:
            np.testing.assert_array_equal(left, right, err_msg=name)


def test_nobody(tmp_path: Path) -> None:
    """A document without frames, and a frame without people with the fields of its stages."""
    assert list(Document(write(tmp_path / "20.json", []))) == []
    document = Document(write(tmp_path / "20.json", [FramePeople(0, People.empty())]))
    (item,) = document
    assert document.header == HEADER
    assert item.people.track_ids is not None
    assert item.people.keypoints is not None
    assert item.people.keypoints.shape == (0, 14, 2)
    assert item.people.action_scores is None


def test_detections_only_stay_detections(tmp_path: Path) -> None:
    people = People(np.array([[1.0, 2, 3, 4]]), np.array([0.5]))
    header = Header("detect", VIDEO)
    (item,) = Document(write(tmp_path / "20.json", [FramePeople(3, people)], header))
    assert item.index == 3
    same(item.people, people)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 6))
def test_rounded_is_what_a_reader_returns(tmp_path_factory, seed: int, n: int) -> None:
    """Any float32, with missing joints and people without actions, not only round numbers."""
    rng = np.random.default_rng(seed)
    boxes = rng.normal(0, 10 ** rng.uniform(-3, 5), (n, 4)).astype(np.float32)
    boxes[:, 2:] = boxes[:, :2] + np.abs(boxes[:, 2:])
    points = rng.normal(0, 500, (n, 14, 2)).astype(np.float32)
    points[rng.random((n, 14)) < 0.3] = np.nan
    actions = rng.random((n, 14)).astype(np.float32)
    actions[0, 0] = 1.0
    people = People(
        boxes, rng.random(n) * 0.001, rng.permutation(n), points, rng.random((n, 14)), actions
    )
    header = Header("action", VIDEO, config=(("pose", {}), ("track", {})))
    path = tmp_path_factory.mktemp("documents") / "20.json"
    (item,) = Document(write(path, [FramePeople(0, people)], header))
    same(item.people, rounded(people))
    same(rounded(rounded(people)), rounded(people))


def test_people_without_actions_have_nan_rows(tmp_path: Path) -> None:
    actions = np.full((2, 14), np.nan)
    actions[1] = 0.25
    people = People(np.array([[0.0, 0, 1, 1]] * 2), np.ones(2), action_scores=actions)
    header = Header("action", VIDEO)
    (item,) = Document(write(tmp_path / "20.json", [FramePeople(0, people)], header))
    np.testing.assert_array_equal(item.people.action_scores, actions)


def test_posetrack_tools_read_it(tmp_path: Path, make_people) -> None:
    """The fields that poseval's readers use, by their names and one-element lists."""
    path = write(tmp_path / "20.json", [FramePeople(4, make_people(0, 2))])
    entry = json.loads(path.read_text())["annolist"][0]
    assert entry["image"][0]["name"] == "000004.jpg"
    assert entry["ignore_regions"] == []
    rect = entry["annorect"][1]
    for key in ("x1", "y1", "x2", "y2", "score", "track_id"):
        assert len(rect[key]) == 1
    point = rect["annopoints"][0]["point"][0]
    assert {len(point[key]) for key in ("id", "x", "y", "score")} == {1}


def test_one_frame_a_line(tmp_path: Path, make_people) -> None:
    path = write(tmp_path / "20.json", [FramePeople(t, make_people(t, 2)) for t in range(3)])
    lines = path.read_text().splitlines()
    assert len(lines) == 1 + 3 + 1
    assert [json.loads(line.removeprefix(",")) for line in lines[1:4]]


def test_reformatted_documents_are_read_too(tmp_path: Path, make_people) -> None:
    path = write(tmp_path / "20.json", [FramePeople(2, make_people(0, 2))])
    pretty = tmp_path / "pretty.json"
    pretty.write_text("\ufeff" + json.dumps(json.loads(path.read_text()), indent=2))
    document = Document(pretty)
    (item,) = document
    same(item.people, rounded(make_people(0, 2)))
    assert document.header is not None
    assert document.header.video == HEADER.video
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert [i.index for i in Document(path)] == [2]


def test_sloppy_annolists(tmp_path: Path) -> None:
    """Scalars without their list, no score, empty annopoints, names without a number."""
    path = tmp_path / "x.json"
    rect = {"x1": 1, "y1": 2, "x2": 3.5, "y2": 4, "annopoints": []}
    joint = {"point": {"id": 0, "x": 5, "y": 6}}
    entries = [
        {"image": {"name": "a.jpg"}, "annorect": [rect]},
        {"image": [{"name": ["b.jpg"]}], "annorect": [{**rect, "annopoints": joint}]},
        {"image": [{"name": "c.jpg"}]},
    ]
    path.write_text(json.dumps({"annolist": entries}))
    first, second, third = Document(path)
    assert (first.index, second.index, third.index) == (0, 1, 2)
    assert first.people.scores.tolist() == [1]
    assert first.people.keypoints is not None
    assert second.people.keypoints is not None
    assert second.people.keypoints[0, 0].tolist() == [5, 6]
    assert len(third.people) == 0


def test_frames_of_others_may_come_in_any_order(tmp_path: Path) -> None:
    """Laid out line by line or not; a document's own frames must ascend."""
    path = tmp_path / "x.json"
    entries = [{"image": [{"name": f"{t:06d}.jpg"}], "annorect": []} for t in (7, 2, 4)]
    lines = "\n,".join(json.dumps(entry, separators=(",", ":")) for entry in entries)
    for text in (json.dumps({"annolist": entries}), f'{{"annolist":[\n{lines}\n]}}\n'):
        path.write_text(text)
        assert [item.index for item in Document(path)] == [2, 4, 7]
    path.write_text(json.dumps({"annolist": [entries[0], entries[1], entries[0]]}))
    with pytest.raises(InputError, match=r"x\.json: entry \d: frame 7 occurs twice"):
        list(Document(path))


def test_people_without_a_box(tmp_path: Path) -> None:
    """The box is the extent of the joints; a person with neither is refused."""
    points = [{"id": [j], "x": [x], "y": [y], "score": [1]} for j, x, y in ((0, 5, 9), (3, 2, 11))]
    entry = {"image": [{"name": "000000.jpg"}], "annorect": [{"annopoints": [{"point": points}]}]}
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"annolist": [entry]}))
    (item,) = Document(path)
    assert item.people.boxes.tolist() == [[2, 9, 5, 11]]
    entry["annorect"] = [{"score": [1]}]
    path.write_text(json.dumps({"annolist": [entry]}))
    with pytest.raises(InputError, match="person 0: x1 is missing"):
        list(Document(path))


def test_digits_are_kept_where_asked(tmp_path: Path) -> None:
    rect = {"x1": [0.123456789], "y1": [0], "x2": [1], "y2": [1], "score": [0.987654321]}
    entry = {"image": [{"name": "000000.jpg"}], "annorect": [rect]}
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"annolist": [entry]}))
    (exact,) = Document(path, ExactPeople)
    assert (exact.people.boxes[0, 0], exact.people.scores[0]) == (0.123456789, 0.987654321)
    (single,) = Document(path)
    assert single.people.boxes.dtype == np.float32


def test_a_video_may_hold_more_frames_than_it_promised(tmp_path: Path) -> None:
    """The header, which comes first, says what the file promises: here 9 frames."""
    items = [FramePeople(t, People.empty()) for t in range(12)]
    assert [item.index for item in Document(write(tmp_path / "20.json", items))] == list(range(12))


def test_next_stage_keeps_what_went_before() -> None:
    header = Header("detect", VIDEO, models=({"name": "a"},), config=(("detect", 1),))
    later = header.next_stage("pose", ({"name": "b"},), 2)
    assert later.models == ({"name": "a"}, {"name": "b"})
    assert later.config == (("detect", 1), ("pose", 2))
    assert later.stages == {"detect", "pose"}
    assert later.next_stage("pose", (), 3).config == (("detect", 1), ("pose", 3))


@pytest.mark.parametrize(
    ("name", "number"),
    [("000118.jpg", 118), ("a/b/7.png", 7), ("a\\7.png", 7), ("x.jpg", None), ("img12b.jpg", None)],
)
def test_frame_number(name: str, number: int | None) -> None:
    assert frame_number(name) == number


def test_lines_hold_no_needless_digits(make_people) -> None:
    people = People(np.array([[-0.0, 3, 812.34, 1e6]]), np.array([0.1]))
    line = frame_line(FramePeople(7, people))
    assert '"x1":[0],"y1":[3],"x2":[812.34],"y2":[1000000],"score":[0.1]}' in line
    with pytest.raises(InputError, match="frame 7: person 0: score is not finite"):
        frame_line(FramePeople(7, people.replace(scores=np.array([np.nan]))))


VALUES = st.sampled_from([0.0, -0.004, 1.0, 639.996, 640.0, 1e7, 1.1e7, -3e38, np.nan, np.inf])


@settings(max_examples=150, deadline=None)
@given(data=st.data(), n=st.integers(1, 3), fields=st.integers(0, 7))
def test_what_is_written_can_be_read(data: st.DataObject, n: int, fields: int) -> None:
    """Whatever people are given: refused at once, or a line that the reader takes back."""

    def values(*shape: int, among: st.SearchStrategy = VALUES) -> np.ndarray:
        size = int(np.prod(shape))
        return np.array(data.draw(st.lists(among, min_size=size, max_size=size))).reshape(shape)

    corners = np.sort(values(n, 2, 2), axis=1).reshape(n, 4)
    people = People(
        corners if data.draw(st.booleans()) else values(n, 4),
        values(n),
        values(n, among=st.sampled_from([-2, -1, 1, 2, 2**53])) if fields & 1 else None,
        np.tile(values(n, 1, 2), (1, 14, 1)) if fields & 2 else None,
        np.tile(values(n, 1), 14) if fields & 2 else None,
        np.tile(values(n, 1), 14) if fields & 4 else None,
    )
    try:
        line = frame_line(FramePeople(7, people))
    except InputError as error:
        assert str(error).startswith("frame 7: person ")  # noqa: PT017 # either way is right
        return
    expected = rounded(people)
    if expected.action_scores is not None and np.isnan(expected.action_scores).all():
        # A line tells nobody's known actions from none; a document's header does.
        expected = dataclasses.replace(expected, action_scores=None)
    same(parse_frame(json.loads(line), "a.json", "line 2").people, expected)


def test_a_reversed_box_is_not_written() -> None:
    people = People(np.array([[1.0, 2, 3, 4], [640, 0, 639, 9]]), np.ones(2))
    with pytest.raises(InputError, match=r"^frame 51: person 1 has x2 < x1 \(639 < 640\)"):
        frame_line(FramePeople(51, people))


def test_the_cameras_motion_is_kept_where_it_moved(tmp_path: Path) -> None:
    turn = np.array([[0.998, -0.0100004, -4.567], [0.0100004, 0.998, 3.0], [0, 0, 1]])
    frames = [FramePeople(t, People.empty(), camera=c) for t, c in enumerate((None, turn, None))]
    path = write(tmp_path / "a.json", frames)
    lines = path.read_text().splitlines()
    assert ["camera" in line for line in lines[1:4]] == [False, True, False]
    assert '"camera":[0.998,0.01,-4.57,3]' in lines[2]
    back = list(Document(path))
    assert back[0].camera is None
    assert back[1].camera.tolist() == [[0.998, -0.01, -4.57], [0.01, 0.998, 3], [0, 0, 1]]
    assert (rounded_frame(frames[1]).camera == back[1].camera).all()


def test_a_camera_that_leaps_is_not_written() -> None:
    far = np.array([[1, 0, np.nan], [0, 1, 0], [0, 0, 1]])
    with pytest.raises(InputError, match=r"^frame 51: camera is \[1\.0, 0\.0, nan"):
        frame_line(FramePeople(51, People.empty(), camera=far))


def test_a_camera_that_hardly_moved_stood_still() -> None:
    step = np.array([[1, 0, 0.004], [0, 1, 0], [0, 0, 1]])
    assert rounded_frame(FramePeople(1, People.empty(), camera=step)).camera is None
