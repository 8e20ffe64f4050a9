import cv2
import numpy as np
import pytest

from hie_cli.core.errors import ConfigError
from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.rendering.cutouts import CutoutWriter, plan_cutouts
from hie_cli.rendering.settings import RenderConfig

VIDEO = VideoInfo("clip", 160, 120, 10.0, 30)
CONFIG = RenderConfig(show=())


def people(*rows: tuple[int, float]) -> People:
    """Identities with the left side of their boxes of 20 x 40 px."""
    boxes = np.array([[x, 30, x + 20, 70] for _, x in rows]).reshape(-1, 4)
    return People(boxes, np.ones(len(rows)), [key for key, _ in rows])


def walk(key: int = 4, length: int = 15) -> list[FramePeople]:
    """Somebody walks 2 px a frame from x = 50; the image is bright where they are."""
    found = []
    for i in range(length):
        image = np.zeros((120, 160, 3), np.uint8)
        image[30:70, 50 + 2 * i : 70 + 2 * i] = 200
        found.append(FramePeople(i, people((key, 50 + 2 * i)), image))
    return found


def test_a_window_follows_somebody():
    """Largest box 20 x 40, a quarter more, even: 24 x 50; 240 / 50 would be 4.8: 4 times."""
    [clip], short = plan_cutouts(walk(), VIDEO, CONFIG)
    assert (clip.track_id, short) == (4, 0)
    assert (clip.width, clip.height, clip.scale) == (24, 50, 4.0)
    view = clip.view(7)
    assert (view.width, view.height) == (96, 200)
    assert (view.x, view.y) == (74 - 12, 50 - 25)  # the middle at frame 7: 50 + 14 + 10


def test_short_sightings_and_others_have_no_clip():
    brief = [FramePeople(i, people((1, 50))) for i in range(10)]  # .9 s
    assert plan_cutouts(brief, VIDEO, CONFIG) == ([], 1)
    assert plan_cutouts(walk(), VIDEO, RenderConfig(only=(5,))) == ([], 0)
    assert plan_cutouts([FramePeople(0, People.empty())], VIDEO, CONFIG) == ([], 0)


def test_a_gap_is_walked_through():
    items = walk()
    items[7] = FramePeople(7, People.empty(), items[7].image)
    [clip], _ = plan_cutouts(items, VIDEO, CONFIG)
    assert clip.frames.tolist() == list(range(15))
    assert clip.view(7).x == 62


def test_clips_are_published_together_and_old_ones_go(tmp_path):
    folder = tmp_path / "cutouts" / "clip"
    folder.mkdir(parents=True)
    for name in ("9.mp4", "notes.txt"):
        (folder / name).touch()
    items = walk()
    clips, _ = plan_cutouts(items, VIDEO, CONFIG)
    writer = CutoutWriter(folder, clips, CONFIG, 10.0, 10.0)
    for item in items:
        writer.write(item, item.index / 10)
    assert sorted(p.name for p in folder.iterdir()) == ["9.mp4", "notes.txt"]
    writer.close()
    assert sorted(p.name for p in folder.iterdir()) == ["4.mp4", "notes.txt"]
    assert [p.name for p in folder.parent.iterdir()] == ["clip"]
    capture = cv2.VideoCapture(str(folder / "4.mp4"))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 15
    _, image = capture.read()
    assert image.shape == (200, 96, 3)
    assert image[100, 48].min() > 150, "who it is of stands in the middle"


def test_discarded_clips_leave_nothing(tmp_path):
    items = walk()
    clips, _ = plan_cutouts(items, VIDEO, CONFIG)
    writer = CutoutWriter(tmp_path / "cutouts" / "clip", clips, CONFIG, 10.0, 10.0)
    writer.write(items[0], 0.0)
    writer.discard()
    assert list((tmp_path / "cutouts").iterdir()) == []


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "cutouts").touch()
    items = walk()
    clips, _ = plan_cutouts(items, VIDEO, CONFIG)
    writer = CutoutWriter(tmp_path / "cutouts" / "clip", clips, CONFIG, 10.0, 10.0)
    with pytest.raises(ConfigError, match="cannot be written"):
        writer.write(items[0], 0.0)
