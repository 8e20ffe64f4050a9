"""Crops of persons: the square round the box, at the right instant."""

import numpy as np

from hie_cli.core.types import Frame, FramePeople, People, VideoInfo
from hie_cli.recognition.learned.crops import SIDE, WANTED, crops_of, cut
from hie_cli.recognition.learned.footage import Footage
from hie_cli.recognition.window import windows

VIDEO = VideoInfo("v", 200, 100, 10.0, 21)


def test_a_crop_is_the_square_round_the_box_with_its_surroundings():
    image = np.zeros((100, 200, 3), np.uint8)
    image[30:70, 80:120] = 200  # 40 x 40; a box of 20 x 40 in its middle
    crop = cut(image, np.array([90.0, 30, 110, 70]))
    assert crop.shape == (SIDE, SIDE, 3)
    # The square has 1.3 * 40 = 52 pixels a side: 24..76 by 74..126; the bright part is 40 of 52.
    bright = crop[..., 0] > 100
    assert abs(bright[SIDE // 2].mean() - 40 / 52) < 0.05
    assert abs(bright[:, SIDE // 2].mean() - 40 / 52) < 0.05


def test_what_lies_outside_the_picture_is_grey():
    image = np.full((100, 200, 3), 250, np.uint8)
    crop = cut(image, np.array([-20.0, 30, 20, 70]))  # x from -26 to 26
    assert crop[SIDE // 2, 2, 0] == 114
    assert crop[SIDE // 2, SIDE - 3, 0] == 250
    assert (cut(image, np.array([500.0, 500, 540, 580])) == 114).all()
    assert cut(image, np.array([50.0, 50, 50, 50])).shape == (SIDE, SIDE, 3)  # an empty box


def test_crops_follow_the_person_through_time():
    def frame(t):
        image = np.zeros((100, 200, 3), np.uint8)
        image[40:80, 5 * t : 5 * t + 20] = 10 + 10 * t
        return Frame(t, image)

    box = [FramePeople(t, People(np.array([[5.0 * t, 40, 5 * t + 20, 80]]), np.ones(1),
                                 np.array([1]))) for t in range(21)]  # fmt: skip
    footage = Footage((frame(t) for t in range(21)), VIDEO, WANTED)
    window = next(w for _, w in windows(box, VIDEO, 2.0, 10) if w is not None and w.index)
    crops = crops_of(window, footage.look(10))
    # Half a second at 10 frames a second: frames 5, 10 and 15.
    assert [int(c[SIDE // 2, SIDE // 2, 0]) for c in crops[0]] == [60, 110, 160]


def test_nobody():
    footage = Footage([Frame(0, np.zeros((100, 200, 3), np.uint8))], VIDEO, WANTED)
    (_, window), *_ = windows([FramePeople(0, People.empty())], VIDEO, 1.0, 1)
    assert crops_of(window, footage.look(0)).shape == (0, 3, SIDE, SIDE, 3)
