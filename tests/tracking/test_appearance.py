import numpy as np

from hie_cli.tracking.appearance import stripe_histograms
from hie_cli.tracking.appearance_model import AppearanceModel, cut, fit_appearance
from hie_cli.tracking.tracklets import Tracklet

IMAGE = np.zeros((200, 300, 3), np.uint8)
IMAGE[:100, :100] = (0, 0, 200)  # red above
IMAGE[100:, :100] = (200, 0, 0)  # blue below
IMAGE[:100, 100:200] = (200, 0, 0)  # and the other way round
IMAGE[100:, 100:200] = (0, 0, 200)


def test_nobody_has_no_look():
    looks = stripe_histograms(IMAGE, np.zeros((0, 4)))
    assert looks.shape[0] == 0
    assert looks.dtype == np.float32


def test_the_same_clothes_are_alike_and_their_order_matters():
    boxes = np.array([[0.0, 0, 50, 200], [50, 0, 100, 200], [100, 0, 200, 200]])
    a, b, upside_down = stripe_histograms(IMAGE, boxes).astype(float)
    assert np.isclose(a @ b, 1, atol=1e-6)
    assert a @ upside_down < 0.6  # the shares of light still agree, the colours of no stripe


def test_boxes_off_the_picture_or_tiny_give_finite_looks():
    boxes = np.array([[-80.0, 0, -10, 100], [290, 150, 400, 300], [5, 5, 5.5, 5.5]])
    looks = stripe_histograms(IMAGE, boxes)
    assert np.isfinite(looks).all()
    assert np.allclose(np.linalg.norm(looks, axis=1), 1, atol=1e-5)


def person(look, first=0, count=60):
    frames = np.arange(first, first + count)
    looks = np.tile(np.asarray(look, np.float32), (count, 1))
    return Tracklet(frames, np.tile([0.0, 0, 10, 20], (count, 1)), np.ones(count), appearance=looks)


def test_likelier_the_more_alike_and_bounded():
    ratio = AppearanceModel().log_ratio(np.linspace(-1, 1, 50))
    assert (np.diff(ratio) >= 0).all()
    assert ratio[0] < 0 < ratio[-1]
    assert np.abs(ratio).max() <= 4


def test_the_scene_sets_the_scale():
    alike = [person([1, 0.10]), person([1, 0.15]), person([1, 0.20]), person([1, 0.25])]
    model = fit_appearance(alike, 10)
    assert model.other[0] > AppearanceModel().other[0]  # all wear the same: a likeness means little
    assert fit_appearance([], 10) == AppearanceModel()


def test_only_a_change_of_look_is_cut():
    steady = person([1, 0])
    assert cut(steady, AppearanceModel(), 10, 0.0) == [steady]
    changed = Tracklet(
        steady.frames,
        steady.boxes,
        steady.scores,
        appearance=np.concatenate([steady.appearance[:40], person([0, 1]).appearance[:20]]),
    )
    assert [len(p) for p in cut(changed, AppearanceModel(), 10, 0.0)] == [40, 20]
