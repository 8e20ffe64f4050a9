from dataclasses import replace

import cv2
import numpy as np
import pytest

from hie_cli.core.errors import InputError
from hie_cli.core.types import FramePeople, People
from hie_cli.training.data.items import find_items, pseudo_labels, require_both, scaled
from hie_cli.training.data.mix import Mix, Source
from hie_cli.training.engine.pixel_store import PixelFile
from tests.support.stills import write_stills

BOXES = {"a": [[10, 10, 40, 80]], "b": [], "c": [[20, 20, 60, 100], [90, 5, 120, 70]]}


@pytest.fixture
def store(tmp_path):
    with PixelFile(tmp_path / "store") as file:
        yield file


def test_stills_are_found_below_the_folders_that_were_named(tmp_path, store):
    labels = write_stills(tmp_path / "stills", BOXES)
    deep = tmp_path / "pictures" / "train"
    deep.mkdir(parents=True)
    for name in BOXES:
        (tmp_path / "stills" / f"{name}.png").rename(deep / f"{name}.png")
    source = Source(truth=labels, images=(str(tmp_path / "pictures"),), val=("c*",))
    items = find_items(Mix((source,)), store, 64)
    assert [item.picture for item in items.training] == [deep / "a.png", deep / "b.png"]
    assert [item.picture for item in items.validation] == [deep / "c.png"]
    assert items.validation[0].labels.boxes.tolist() == BOXES["c"]
    require_both(items)


def test_a_name_leads_nowhere_else(tmp_path, store):
    labels = write_stills(tmp_path / "stills", {"a": []})
    labels.write_text(labels.read_text().replace("a.png", "../secret.png"))
    cv2.imwrite(str(tmp_path / "secret.png"), np.zeros((20, 20, 3), np.uint8))
    source = Source(truth=labels, images=(str(tmp_path / "stills"),))
    with pytest.raises(InputError, match=r"no image '\.\./secret\.png' below"):
        find_items(Mix((source,)), store, 64)


def test_frames_of_a_video_are_shrunk_with_their_labels(tmp_path, store):
    folder = tmp_path / "clip"
    folder.mkdir()
    for t in range(4):
        cv2.imwrite(str(folder / f"{t}.png"), np.full((60, 120, 3), 10 * t, np.uint8))
    rows = [f"{t + 1},1,30,12,24,36,1,-1,-1,-1" for t in range(4)]
    (tmp_path / "clip.txt").write_text("\n".join(rows))
    source = Source(
        truth=tmp_path / "clip.txt", layout="mot", images=(str(folder),), every=2, val=("clip",)
    )
    items = find_items(Mix((source,)), store, 40)  # a third of 120
    assert [item.index for item in items.validation] == [0, 2]
    second = items.validation[1]
    assert second.image().shape == (20, 40, 3)
    assert (second.image() == 20).all()
    # 30, 12 to 54, 48, over 3
    np.testing.assert_allclose(second.labels.boxes, [[10, 4, 18, 16]])
    with pytest.raises(InputError, match="every video is held out"):
        require_both(items)


def video_of(tmp_path, labelled, size):
    """Three pictures of 120 x 60 as a video, and labels of so many frames of another ``size``."""
    folder = tmp_path / "clip"
    folder.mkdir()
    for t in range(3):
        cv2.imwrite(str(folder / f"{t}.png"), np.full((60, 120, 3), 10 * t, np.uint8))
    truth = tmp_path / "truth" / "clip"
    (truth / "gt").mkdir(parents=True)
    rows = [f"{t + 1},1,30,12,24,36,1,-1,-1,-1" for t in range(labelled)]
    (truth / "gt" / "gt.txt").write_text("\n".join(rows))
    (truth / "seqinfo.ini").write_text(
        f"[Sequence]\nname=clip\nseqLength={labelled}\nimWidth={size[0]}\nimHeight={size[1]}\n"
    )
    return Source(truth=truth.parent, images=(str(folder),))


def test_a_video_shorter_than_its_labels(tmp_path, store):
    source = video_of(tmp_path, 5, (120, 60))
    with pytest.raises(InputError, match=r"clip: has no frame 3, which is labelled.*frames: ':3'"):
        find_items(Mix((source,)), store, 64)
    there = replace(source, frames=":3")
    assert len(find_items(Mix((there,)), store, 64).training) == 3


def test_labels_of_a_video_of_another_size(tmp_path, store):
    source = video_of(tmp_path, 3, (240, 120))
    with pytest.raises(InputError, match="clip: 120 x 60 pixels, but labelled as 240 x 120"):
        find_items(Mix((source,)), store, 64)


@pytest.mark.parametrize(("own", "every"), [(("c*", "nobody"), ()), (("c*",), ("nobody",))])
def test_a_pattern_that_holds_nothing_out_is_a_mistake(tmp_path, store, own, every):
    """What it was to hold out would be trained on."""
    labels = write_stills(tmp_path / "stills", BOXES)
    source = Source(name="stills", truth=labels, images=(str(tmp_path / "stills"),), val=own)
    of = "stills: " if len(own) == 2 else ""
    with pytest.raises(InputError, match=f"^{of}val: 'nobody' fits no video or picture"):
        find_items(Mix((source,), every), store, 64)


def test_weak_people_of_documents_are_ignored_and_weak_joints_unlabelled():
    boxes, keypoints = np.array([[0, 0, 9, 9], [5, 5, 20, 20]]), np.ones((2, 14, 2))
    joint_scores = np.full((2, 14), 0.9)
    joint_scores[0, 3] = 0.1
    people = People(boxes, np.array([0.9, 0.2]), None, keypoints, joint_scores)
    source = Source(documents="d", images=("v",), min_score=0.5, joint_score=0.3)
    truth = pseudo_labels("clip", (FramePeople(2, people),), source)
    assert [frame.annotated for frame in truth.frames] == [False, False, True]
    last = truth.frames[2]
    assert last.ignore.tolist() == [False, True]
    assert np.isnan(last.keypoints[0, 3]).all()
    assert np.isfinite(last.keypoints[0, 4]).all()


def test_simulated_crowds_hold_other_styles_out(store):
    items = find_items(Mix((Source(simulate=2, val=("sim-1",)),)), store, 160)
    assert {item.video for item in items.training} == {"sim-0"}
    assert {item.video for item in items.validation} == {"sim-1"}
    assert items.training[0].image().shape == (90, 160, 3)
    assert items.training[0].labels.keypoints is not None
    assert [item.index for item in items.training] == [0, 10, 20, 30, 40]


def test_scaled_labels(tmp_path):
    truth = find_items(
        Mix((Source(truth=write_stills(tmp_path, BOXES), images=(str(tmp_path),)),)), None, 64
    ).training[0].labels  # fmt: skip
    twice = scaled(truth, 2, 3)
    np.testing.assert_allclose(twice.boxes, [[20, 30, 80, 240]])
    np.testing.assert_allclose(twice.keypoints, truth.keypoints * [2, 3])
    np.testing.assert_allclose(twice.areas, truth.areas * 6)
