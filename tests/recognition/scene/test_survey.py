import cv2
import numpy as np
import pytest
import torch

from hie_cli.core.errors import ModelError
from hie_cli.core.types import Frame, FramePeople, People, VideoInfo
from hie_cli.recognition.scene.areas import KINDS
from hie_cli.recognition.scene.descriptor import BAND
from hie_cli.recognition.scene.segmentation import LiteAspp
from hie_cli.recognition.scene.survey import (
    Segmenter,
    survey,
    thinned,
    vector_size,
)

VIDEO = VideoInfo("place", 64, 48, 10.0, 40)
LRASPP = "lraspp-mobilenet-v3"


def numbered(count):
    """Pictures whose grey level is their number."""
    return [Frame(t, np.full((48, 64, 3), t, np.uint8)) for t in range(count)]


@pytest.mark.parametrize(
    ("count", "want"),
    [
        (0, []),
        (1, [0]),
        (5, [0, 1, 2, 3, 4]),
        (6, [0, 2, 4]),
        (12, [0, 4, 8]),
        (20, [0, 4, 8, 12, 16]),
    ],
)
def test_pictures_are_spread_over_a_video_of_any_length(count, want):
    assert [int(p[0, 0, 0]) for p in thinned(numbered(count), wanted=3)] == want


def test_the_place_of_nobody():
    found = survey(numbered(3), [], VIDEO)
    assert found.vectors(np.zeros((0, 4))).shape == (0, BAND)
    assert vector_size(False) == BAND


def test_a_video_without_a_frame_has_no_place():
    with pytest.raises(ValueError, match="no frame"):
        survey([], [], VIDEO)


def test_densities_come_from_the_people():
    people = [
        FramePeople(t, People(np.array([[20, 10, 30, 40.0]]), np.ones(1), np.array([1])))
        for t in range(40)
    ]
    box = people[0].people.boxes
    alone, crowd = (survey(numbered(40), p, VIDEO).vectors(box)[0] for p in ([], people))
    # Walking, waiting, in, out at the feet: somebody waits there all the time.
    assert alone[-4:].max() == 0
    assert crowd[-3] == pytest.approx(1, abs=0.1)
    assert crowd[-4] == 0


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    torch.set_num_threads(1)
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "lraspp.pth"
    torch.save(LiteAspp(21).state_dict(), path)
    return path


def test_a_segmentation_adds_areas(weights):
    rng = np.random.default_rng(0)
    noise = cv2.resize(rng.integers(0, 255, (6, 8, 3), np.uint8), (64, 48))
    found = survey([Frame(0, noise)], [], VIDEO, Segmenter.of(LRASPP, weights))
    rows = found.vectors(np.array([[10, 10, 20, 40.0], [30, 5, 44, 44]]))
    assert rows.shape == (2, vector_size(True)) == (2, BAND + 2 * len(KINDS))
    # Shares of the band and of the frame each add up to 1; the frame is the same for both.
    np.testing.assert_allclose(rows[:, BAND : BAND + 17].sum(1), 1, atol=1e-6)
    np.testing.assert_allclose(rows[0, BAND + 17 :], rows[1, BAND + 17 :])


def test_a_segmentation_of_unknown_classes_is_refused(tmp_path):
    path = tmp_path / "odd.pth"
    torch.save(LiteAspp(7).state_dict(), path)
    with pytest.raises(ModelError, match=r"odd.pth: a segmentation of 7 classes"):
        Segmenter.of(LRASPP, path)


def test_no_such_weights(tmp_path):
    with pytest.raises(ModelError, match="no such file"):
        Segmenter.of(LRASPP, tmp_path / "none.pth")
