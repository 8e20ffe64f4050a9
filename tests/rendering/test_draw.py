from dataclasses import replace

import numpy as np
import pytest

from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.types import People
from hie_cli.rendering.draw import Painter
from hie_cli.rendering.palette import identity_colour
from hie_cli.rendering.settings import RenderConfig
from hie_cli.rendering.view import View
from tests.support.drawing import black, crowd, doing, person

FIGHTING, WALKING = ACTIONS.index("fighting"), ACTIONS.index("walking-alone")


def only(*layers: str, **changes) -> RenderConfig:
    return RenderConfig(show=layers, legend=False, **changes)


def paint(config: RenderConfig, people: People) -> np.ndarray:
    return Painter(config, 10.0).paint(black().image, people, 0)


def written(painter: Painter, people: People) -> list[str]:
    labels = [painter._label(people, i, people.boxes[i]) for i in range(len(people))]
    return [label.text for label in labels if label is not None]


def test_nobody_leaves_the_frame_as_it_is():
    assert not paint(replace(RenderConfig(), legend=False), People.empty()).any()


def test_box_is_drawn_at_its_edges_in_the_identitys_colour():
    image = paint(only("boxes"), person(7))
    assert tuple(image[60, 40]) == identity_colour(7)
    assert tuple(image[60, 80]) == identity_colour(7)
    assert not image[60, 45:75].any()


def test_missing_and_weak_joints_are_not_drawn():
    config = only("poses", min_joint_score=0.5)
    assert paint(config, person())[40, 60].any()  # the bone between nose and chest
    scores = np.ones((1, 14))
    scores[0, 1] = 0.4
    assert not paint(config, person(keypoint_scores=scores)).any()


def test_a_view_draws_people_where_they_are_in_it():
    """x1 = 40 of the video: (40 - 20) * .5 = 10 of a picture that begins at x = 20, half size."""
    view = View(20, 10, 100, 100, 0.5, 50, 50)
    image = np.zeros((50, 50, 3), np.uint8)
    Painter(only("boxes"), 10.0, view).paint(image, person(7), 0)
    assert tuple(image[20, 10]) == identity_colour(7)
    assert not image[20, 12:28].any()


def test_an_action_stays_on_the_label_between_sampled_frames():
    painter = Painter(RenderConfig(), 10.0)
    painter.paint(black().image, person(3, action_scores=doing(FIGHTING, 0.9)), 0)
    unsampled = person(3, action_scores=np.full((1, 14), np.nan))
    assert written(painter, unsampled) == ["3 fighting"]
    assert written(painter, person(4)) == ["4"]
    painter.paint(black().image, unsampled, 21)  # 2.1 s later nobody knows any more
    assert written(painter, unsampled) == ["3"]


@pytest.mark.parametrize(("score", "text"), [(0.4, "3 fighting"), (0.39, "3")])
def test_the_label_names_sure_actions_only(score, text):
    painter = Painter(RenderConfig(min_action_score=0.4), 10.0)
    painter.paint(black().image, person(3, action_scores=doing(FIGHTING, score)), 0)
    assert written(painter, person(3)) == [text]


def test_labels_are_the_paler_the_less_sure_the_action_is():
    def opacity(score):
        painter = Painter(RenderConfig(), 10.0)
        people = person(3, action_scores=doing(WALKING, score))
        painter.paint(black().image, people, 0)
        return painter._label(people, 0, people.boxes[0]).opacity

    # .45 at the threshold .4, 1 from .7 on; half way, at .55: .45 + .55 / 2
    assert opacity(0.4) == pytest.approx(0.45)
    assert opacity(0.55) == pytest.approx(0.725)
    assert opacity(0.9) == 1.0


def test_unlikely_people_are_drawn_only_if_tracked():
    unlikely = person(None, scores=np.array([0.1]))
    assert not paint(only("boxes", "ids"), unlikely).any()
    assert paint(only("boxes"), person(0, scores=np.array([0.1]))).any()


def test_only_the_chosen_identities_are_drawn():
    assert not paint(only("boxes", only=(4,)), person(3)).any()
    assert paint(only("boxes", only=(3,)), person(3)).any()
    assert not paint(only("boxes", only=(3,)), person(None)).any()


def test_a_crowd_has_boxes_and_numbers_alone():
    people = crowd(15, seed=1)
    people = people.replace(
        keypoints=np.repeat(people.boxes[:, None, :2] + 5, 14, axis=1),
        keypoint_scores=np.ones((15, 14)),
        action_scores=np.concatenate([doing(FIGHTING, 0.9), np.tile(doing(WALKING, 0.9), (14, 1))]),
    )
    image = np.zeros((480, 640, 3), np.uint8)
    painter = Painter(RenderConfig(crowd=15), 10.0)
    painter.paint(image, people, 0)
    assert written(painter, people) == ["0 fighting"] + [str(i) for i in range(1, 15)]
    painter.paint(image, people[:11], 1)  # .7 * 15 = 10.5: still a crowd, so nothing flickers
    assert written(painter, people[:2]) == ["0 fighting", "1"]
    painter.paint(image, people[:10], 2)
    assert written(painter, people[:2]) == ["0 fighting", "1 walking-alone"]
    detailed = Painter(RenderConfig(crowd=15, only=(1,)), 10.0)
    detailed.paint(image, people, 0)
    assert written(detailed, people[1:2]) == ["1 walking-alone"]
    never = Painter(RenderConfig(crowd=0), 10.0)
    never.paint(image, people, 0)
    assert written(never, people[1:2]) == ["1 walking-alone"]


def test_the_legend_lies_where_nobody_is():
    image = np.zeros((120, 160, 3), np.uint8)
    below = person(3, boxes=np.array([[0, 60, 160, 120]]))
    Painter(replace(only(), legend=True), 10.0).paint(image, below, 0)
    assert image[:20].any()
    assert not image[60:].any()


def test_layers_that_are_not_shown_are_not_drawn():
    people = person(3, action_scores=doing(FIGHTING, 0.9))
    assert not paint(only(), people).any()
    painter = Painter(only("actions"), 10.0)
    painter.paint(black().image, people, 0)
    assert written(painter, people) == ["fighting"]
