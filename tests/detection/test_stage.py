import dataclasses

import cv2
import numpy as np
import pytest

from hie_cli.core import geometry
from hie_cli.core.config import load
from hie_cli.core.errors import ConfigError
from hie_cli.core.types import Frame, People
from hie_cli.detection.settings import DetectConfig
from hie_cli.detection.stage import detect, segment_start
from hie_cli.models.packaged import MODELS
from hie_cli.models.spec import ModelSpec

ONE = DetectConfig(models=("squares",), min_score=0.0, min_area=1.0)


def spec_like(name):
    """The record of the packaged model of that name, or one of which nothing is known."""
    return next((m for m in MODELS if m.name == name), ModelSpec(name, "detect"))


class Planted:
    """A detector that answers with the same people at any size and remembers what it was asked."""

    sha256 = "0" * 64

    def __init__(self, people, name="planted"):
        self.people, self.name, self.sides = people, name, []
        self.spec = spec_like(name)

    def detect(self, images, long_side=None):
        self.sides.append(long_side)
        return [self.people for _ in images]


class BrightBlobs:
    """Boxes round the bright blobs of whatever picture it is given."""

    name, sha256 = "blobs", "0" * 64
    spec = ModelSpec("blobs", "detect")

    def detect(self, images, long_side=None):
        found = []
        for image in images:
            count, _, stats, _ = cv2.connectedComponentsWithStats(image[..., 0])
            boxes = [(x, y, x + w, y + h) for x, y, w, h, _ in stats[1:count]]
            found.append(People(np.reshape(boxes, (-1, 4)), np.full(count - 1, 0.9)))
        return found


def crowd(*boxes, score=0.9):
    return People(np.reshape(boxes, (-1, 4)).astype(float), np.full(len(boxes), score))


def black(index, width=320, height=240):
    return Frame(index, np.zeros((height, width, 3), np.uint8))


def run(config, *models, frames=None):
    return [item.people for item in detect(frames or [black(0)], config, models)]


def test_no_frames_and_nobody():
    assert list(detect([], ONE, [Planted(People.empty())])) == []
    (people,) = run(ONE, Planted(People.empty()))
    assert len(people) == 0


def test_one_uncalibrated_detector_runs_at_its_own_size_and_is_believed():
    planted = Planted(crowd((10, 10, 30, 60)))
    (people,) = run(ONE, planted)
    assert planted.sides == [None]
    np.testing.assert_allclose(people.boxes, [[10, 10, 30, 60]])
    np.testing.assert_allclose(people.scores, [0.9])


def test_two_detectors_are_fused_and_poses_travel_along():
    box = crowd((10, 10, 30, 60))
    pose = np.full((1, 14, 2), 20.0)
    posed = box.replace(keypoints=pose, keypoint_scores=np.full((1, 14), 0.5))
    (people,) = run(ONE, Planted(box, "a"), Planted(posed, "b"))
    assert len(people) == 1
    np.testing.assert_allclose(people.keypoints, pose)
    np.testing.assert_allclose(people.keypoint_scores, 0.5)


def test_specks_unlikely_people_and_what_sticks_out_of_the_frame():
    config = dataclasses.replace(ONE, min_area=100.0, min_score=0.5)
    people = crowd((10, 10, 18, 18), (300, 100, 350, 200), (50, 50, 90, 150))
    people = people.replace(scores=[0.9, 0.9, 0.3])
    (found,) = run(config, Planted(people))
    np.testing.assert_allclose(found.boxes, [[300, 100, 320, 200]])


def test_a_crowd_of_eighty_is_whole():
    boxes = [(x, y, x + 14, y + 40) for x in range(0, 300, 15) for y in (0, 60, 120, 180)]
    (people,) = run(ONE, Planted(crowd(*boxes)))
    assert len(people) == len(boxes) == 80


def test_sizes_are_chosen_once_per_segment_for_a_calibrated_network():
    planted = Planted(crowd(*[(x, 10, x + 40, 200) for x in range(0, 300, 50)]), "nanodet")
    config = dataclasses.replace(
        ONE, models=("nanodet",), long_sides=(256, 512), segment=10, turned=False, budget=0.2
    )
    list(detect([black(i) for i in range(20)], config, [planted]))
    probes, used = planted.sides[:2], planted.sides[2]
    assert probes == [256, 512]
    assert planted.sides == [*probes, *[used] * 10] * 2


def test_with_few_people_in_sight_later_frames_are_probed_too():
    planted = Planted(crowd((10, 10, 60, 200)), "nanodet")
    config = dataclasses.replace(
        ONE,
        models=("nanodet",),
        long_sides=(256, 512),
        segment=10,
        turned=False,
        budget=0.2,
        sparse_budget=0.0,
    )
    list(detect([black(i) for i in range(10)], config, [planted]))
    used = planted.sides[2]
    # A part of the segment has 2 frames; after four probes four people were seen.
    assert planted.sides == [256, 512, used, used] * 4 + [used, used]


def test_who_lies_on_the_side_is_found_in_the_turned_image():
    """A network that sees upright boxes only, and a frame in which everybody lies."""

    class Upright(BrightBlobs):
        spec = spec_like("nanodet")

        def detect(self, images, long_side=None):
            found = super().detect(images)
            return [p[p.boxes[:, 3] - p.boxes[:, 1] > p.boxes[:, 2] - p.boxes[:, 0]] for p in found]

    frames = [black(i) for i in range(2)]
    for frame in frames:
        for y in range(10, 200, 50):
            frame.image[y : y + 30, 40:140] = 255
    (first, _), (none, _) = (
        run(dataclasses.replace(ONE, models=("nanodet",), turned=t), Upright(), frames=frames)
        for t in (True, False)
    )
    assert len(none) == 0
    assert len(first) == 4
    overlap = geometry.iou(first.boxes, [(40, y, 140, y + 30) for y in range(10, 200, 50)])
    assert (overlap.max(0) > 0.85).all()


def test_a_single_size_needs_no_probe():
    planted = Planted(crowd((10, 10, 60, 200)), "nanodet")
    run(dataclasses.replace(ONE, models=("nanodet",), long_sides=(512,)), planted)
    assert planted.sides == [512]


def test_resuming_at_a_segment_start_gives_the_same_people():
    frames = [black(i) for i in range(10)]
    for frame in frames:
        frame.image[20:90, 10 * frame.index : 10 * frame.index + 30] = 255
    config = dataclasses.replace(ONE, segment=4, batch=3)
    assert segment_start(6, config) == 4
    whole = run(config, BrightBlobs(), frames=frames)
    resumed = run(config, BrightBlobs(), frames=frames[4:])
    for a, b in zip(whole[4:], resumed, strict=True):
        np.testing.assert_array_equal(a.boxes, b.boxes)
        np.testing.assert_array_equal(a.scores, b.scores)


def test_batches_never_cross_a_segment_and_change_nothing():
    frames = [black(i) for i in range(7)]
    for frame in frames:
        frame.image[50:150, 20 * frame.index : 20 * frame.index + 50] = 255
    single = run(dataclasses.replace(ONE, segment=3), BrightBlobs(), frames=frames)
    triple = run(dataclasses.replace(ONE, segment=3, batch=2), BrightBlobs(), frames=frames)
    for a, b in zip(single, triple, strict=True):
        np.testing.assert_array_equal(a.boxes, b.boxes)


def test_tiles_add_no_doubles_and_no_parts():
    frame = black(0)
    for x in (10, 145, 250):  # the middle one stands across both tiles' edges
        frame.image[60:180, x : x + 30] = 255
    config = dataclasses.replace(ONE, tiles=(2, 1))
    (people,) = run(config, BrightBlobs(), frames=[frame])
    found = people.boxes[np.argsort(people.boxes[:, 0])]
    np.testing.assert_allclose(found, [(x, 60, x + 30, 180) for x in (10, 145, 250)])


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("models=[]", "at least one model"),
        ("models=[a, a]", "named twice"),
        ("long_sides=[16]", "32 pixels"),
        ("segment=0", "at least 1"),
        ("most_sizes=0", "at least 1"),
        ("tile_overlap=1.0", "within 0..0.9"),
        ("budgt=2", "did you mean 'budget'"),
    ],
)
def test_nonsense_is_refused(assignment, message):
    with pytest.raises(ConfigError, match=message):
        load(DetectConfig(), sets=[assignment])


# Drawn by eye on the packaged clip: whoever stands free or is at most half hidden.
BY_EYE = {
    0: [
        (588, 228, 626, 316), (388, 195, 417, 279), (637, 107, 657, 166), (435, 191, 467, 275),
        (658, 111, 679, 167), (711, 111, 727, 174), (71, 90, 88, 129),
    ],
    60: [
        (653, 295, 705, 408), (151, 185, 180, 254), (29, 147, 53, 207), (664, 103, 686, 158),
        (692, 108, 712, 159),
    ],
}  # fmt: skip


def test_real_people_are_found(sample_clip):
    from hie_cli.models import registry

    config = DetectConfig(long_sides=(640,))
    models = [registry.load_detector(name, "cpu", 1) for name in config.models]
    capture = cv2.VideoCapture(str(sample_clip))
    frames = [Frame(i, capture.read()[1]) for i in range(max(BY_EYE) + 1)]
    capture.release()
    seen = detect([frames[i] for i in BY_EYE], config, models)
    for item, truth in zip(seen, BY_EYE.values(), strict=True):
        sure = item.people[item.people.scores >= 0.5]
        overlap = geometry.iou(np.array(truth), sure.boxes)
        assert (overlap.max(1) > 0.7).all()
        assert len(sure) <= len(truth) + 1
        assert np.isfinite(sure.keypoints).all((1, 2)).mean() > 0.8
