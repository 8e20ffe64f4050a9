from dataclasses import replace

import cv2
import numpy as np
import pytest

from hie_cli.core.errors import ConfigError
from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.rendering.draw import Painter, RenderConfig, identity_colour
from hie_cli.rendering.overlay import ContactSheet, OverlayWriter, painted, sheet_indices

VIDEO = VideoInfo("tiny", 160, 120, 10.0, 3)


def person(track_id: int | None = 0, **changes) -> People:
    keypoints = np.full((1, 14, 2), np.nan)
    keypoints[0, 0], keypoints[0, 1] = (60, 30), (60, 50)
    ids = None if track_id is None else [track_id]
    people = People(
        np.array([[40, 20, 80, 100]]), np.array([0.9]), ids, keypoints, np.ones((1, 14))
    )
    return replace(people, **changes)


def black(people: People | None = None) -> FramePeople:
    return FramePeople(0, people or People.empty(), np.zeros((120, 160, 3), np.uint8))


def test_nobody_leaves_the_frame_as_it_is():
    [item] = painted([black()], VIDEO, RenderConfig())
    assert (item.index, len(item.people)) == (0, 0)
    assert not item.image.any()


def test_the_decoded_frame_itself_is_not_drawn_on():
    frame = black(person())
    list(painted([frame], VIDEO, RenderConfig()))
    assert not frame.image.any()


def test_identity_zero_is_somebody_with_a_colour_of_their_own():
    assert identity_colour(0) != identity_colour(None)
    assert len({identity_colour(i) for i in range(50)}) == 50


def test_box_is_drawn_at_its_edges_in_the_identitys_colour():
    config = RenderConfig(skeletons=False, labels=False, trails=False)
    image = Painter(config, 10.0).paint(black().image, person(7), 0)
    assert tuple(image[60, 40]) == identity_colour(7)
    assert tuple(image[60, 80]) == identity_colour(7)
    assert not image[60, 45:75].any()


def test_missing_and_weak_joints_are_not_drawn():
    config = RenderConfig(boxes=False, labels=False, trails=False, min_joint_score=0.5)
    drawn = Painter(config, 10.0).paint(black().image, person(), 0)
    assert drawn[40, 60].any()  # the bone between nose and chest
    scores = np.ones((1, 14))
    scores[0, 1] = 0.4
    weak = Painter(config, 10.0).paint(black().image, person(keypoint_scores=scores), 0)
    assert not weak.any()


def test_an_action_stays_on_the_label_between_sampled_frames():
    scores = np.zeros((1, 14))
    scores[0, 10] = 0.9
    config = RenderConfig()
    painter = Painter(config, 10.0)
    painter.paint(black().image, person(3, action_scores=scores), 0)
    unsampled = person(3, action_scores=np.full((1, 14), np.nan))
    assert painter._label(unsampled, 0, 3) == "3 fighting"
    assert painter._label(unsampled, 0, 4) == "4"


def test_trails_end_after_their_seconds():
    painter = Painter(RenderConfig(boxes=False, skeletons=False, labels=False), 10.0)
    painter.paint(black().image, person(), 0)
    moved = painter.paint(black().image, person(boxes=np.array([[60, 20, 100, 100]])), 1)
    assert moved[100, 70].any()
    later = painter.paint(black().image, People.empty(), 22)  # 2 s = 20 frames after frame 1
    assert not later.any()


def test_large_frames_are_drawn_smaller_with_people_in_step():
    config = RenderConfig(long_side=80, skeletons=False, labels=False, trails=False)
    [item] = painted([black(person(7))], VIDEO, config)
    image = item.image
    assert image.shape == (60, 80, 3)
    assert image[30, 20].any()  # x1 = 40 at half size


@pytest.mark.parametrize(
    ("frames", "tiles", "expected"),
    [(0, 4, []), (1, 4, [0]), (3, 4, [0, 1, 2]), (9, 3, [0, 4, 8])],
)
def test_sheet_indices(frames, tiles, expected):
    assert sheet_indices(frames, tiles) == expected


def test_contact_sheet_has_a_tile_per_chosen_frame(tmp_path):
    sheet = ContactSheet(VIDEO, 3, RenderConfig(sheet_columns=2, sheet_rows=1))
    for index in range(3):
        sheet.add(index, np.full((120, 160, 3), 90, np.uint8), 2)
    sheet.save(tmp_path / "sheet.png")
    image = cv2.imread(str(tmp_path / "sheet.png"))
    assert image.shape[1] == 2 * 480


def test_overlay_video_is_published_whole(tmp_path):
    writer = OverlayWriter(tmp_path / "a.mp4", 10.0)
    for _ in range(5):
        writer.write(np.zeros((48, 64, 3), np.uint8))
    assert not (tmp_path / "a.mp4").exists()
    writer.close()
    capture = cv2.VideoCapture(str(tmp_path / "a.mp4"))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 5
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]


def test_overlay_into_a_place_that_is_a_file(tmp_path):
    (tmp_path / "render").touch()
    writer = OverlayWriter(tmp_path / "render" / "a.mp4", 10.0)
    with pytest.raises(ConfigError, match=r"a\.mp4: cannot be written"):
        writer.write(np.zeros((48, 64, 3), np.uint8))


def test_config_refuses_an_empty_sheet():
    with pytest.raises(ValueError, match="sheet_rows is 0"):
        RenderConfig(sheet_rows=0)


def test_unlikely_people_are_drawn_only_if_tracked():
    unlikely = person(None, scores=np.array([0.1]))
    assert not Painter(RenderConfig(), 10.0).paint(black().image, unlikely, 0).any()
    tracked = person(0, scores=np.array([0.1]))
    assert Painter(RenderConfig(), 10.0).paint(black().image, tracked, 0).any()


def test_the_label_names_sure_actions_only():
    painter = Painter(RenderConfig(min_action_score=0.4), 10.0)
    scores = np.full((1, 14), 0.6 / 13)
    scores[0, 10] = 0.4
    painter.paint(black().image, person(3, action_scores=scores), 0)
    assert painter._label(person(3), 0, 3) == "3 fighting"
    scores = np.full((1, 14), 0.61 / 13)
    scores[0, 10] = 0.39
    painter.paint(black().image, person(3, action_scores=scores), 1)
    assert painter._label(person(3), 0, 3) == "3"
