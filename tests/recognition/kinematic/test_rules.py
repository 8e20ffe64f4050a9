import numpy as np
import pytest

from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.types import FramePeople, People
from hie_cli.recognition.kinematic.features import _climb
from hie_cli.recognition.kinematic.settings import KinematicConfig
from hie_cli.recognition.stage import ActionConfig, recognise
from tests.support import actors
from tests.support.actors import Actor, film, going, stepping, still


def rules(every: int = 20) -> ActionConfig:
    return ActionConfig(every=every, kinematic=KinematicConfig(decision="rules"))


def tops(people, seconds: float = 4.0, fps: float = 25.0, at: float = 2.0):
    """The top action of each person at ``at`` seconds."""
    scores = scored(people, seconds, fps)[round(at * fps)].people.action_scores
    return [ACTIONS[k] for k in scores.argmax(1)]


def scored(people, seconds: float = 4.0, fps: float = 25.0):
    config = rules(every=1)
    return list(recognise(film(people, seconds, fps), actors.video(fps), config))


def walker(x: float, speed: float = 80.0, y: float = 400.0):
    return Actor(going(x, speed, y), stepping())


def runner(x: float, speed: float = 220.0):
    return Actor(going(x, speed), stepping(0.35, 1.4))


def test_walking_alone():
    assert tops([walker(100)]) == ["walking-alone"]


def test_walking_together():
    assert tops([walker(100), walker(160)]) == ["walking-together"] * 2


def test_walkers_who_cross_are_not_together():
    assert tops([walker(300, 80), walker(520, -80)]) == ["walking-alone"] * 2


def test_walkers_far_apart_are_not_together():
    assert tops([walker(100), walker(500)]) == ["walking-alone"] * 2


def test_running_alone_and_together():
    assert tops([runner(50)]) == ["running-alone"]
    assert tops([runner(50), runner(120)]) == ["running-together"] * 2


def test_riding_is_fast_without_steps():
    assert tops([Actor(going(50, 250), lambda t: actors.STANDING)]) == ["riding"]


def test_without_joints_fast_people_run():
    assert tops([Actor(going(50, 250), stepping(0.3), poses=False)]) == ["running-alone"]


def test_sitting_alone_and_talking():
    sit = lambda x: Actor(still(x), lambda t: actors.SITTING)  # noqa: E731 # a one-line table
    assert tops([sit(100)]) == ["sitting-alone"]
    assert tops([sit(100), sit(190)]) == ["sitting-talking"] * 2
    assert tops([sit(100), sit(600)]) == ["sitting-alone"] * 2


def test_standing_alone_and_gathering():
    stand = [Actor(still(x)) for x in (100, 160, 900)]
    assert tops(stand) == ["gathering", "gathering", "standing-alone"]


def test_queuing_is_a_line_of_still_people():
    assert tops([Actor(still(100 + 80 * i)) for i in range(5)]) == ["queuing"] * 5


def test_a_ring_of_still_people_is_a_gathering():
    ring = [(70 * np.cos(a), 40 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 6)[:-1]]
    assert tops([Actor(still(400 + x, 400 + y)) for x, y in ring]) == ["gathering"] * 5


def test_fighting_needs_two():
    fighters = [Actor(still(300), actors.punching()), Actor(still(355), actors.punching(1.3))]
    assert tops(fighters) == ["fighting"] * 2
    assert tops(fighters[:1]) == ["standing-alone"]
    far = [fighters[0], Actor(still(700), actors.punching(1.3))]
    assert "fighting" not in tops(far)


def test_fall_over():
    person = [Actor(still(300), actors.falling(2.0))]
    assert tops(person, 6.0, at=0.6) == ["standing-alone"]
    assert tops(person, 6.0, at=2.3) == ["fall-over"]  # while tipping
    assert tops(person, 6.0, at=4.5) == ["fall-over"]  # and lying


def test_a_fall_is_seen_in_the_box_alone():
    person = [Actor(still(300), actors.falling(2.0), poses=False)]
    assert tops(person, 6.0, at=0.6) == ["standing-alone"]
    assert tops(person, 6.0, at=4.5) == ["fall-over"]


def standing_about():
    """Four near and far, seen from three body heights up: feet at row y, (y - 100) / 3 tall."""
    rows = ((700, 250, 50.0), (900, 325, 75.0), (1000, 475, 125.0), (1150, 550, 150.0))
    return [Actor(still(x, y), height=lambda t, h=h: h) for x, y, h in rows]


def test_stairs_are_climbed_without_getting_smaller():
    climber = Actor(going(300, 15, climb=45), stepping())
    assert tops([climber, *standing_about()])[0] == "walking-up-down-stairs"
    assert tops([climber]) == ["walking-alone"]  # nobody shows what level ground looks like


def test_walking_away_on_level_ground_is_no_stair():
    # Three body heights of camera: going up the picture by 45 px shrinks 100 px by about 15.
    away = Actor(going(300, 15, climb=45), stepping(), height=lambda t: 100.0 * np.exp(-0.15 * t))
    assert tops([away, *standing_about()])[0] == "walking-alone"


def test_growing_without_going_up_or_down_is_no_climb_by_hand():
    # Camera three body heights up. Growth of 0.2 a second alone: nothing. With a drift of 0.1 up:
    # 0.1 + 3 x 0.2 = 0.7, of which the drift itself is all that can be a climb. Shrinking by 0.02
    # explains 0.06 of it.
    times = np.linspace(0, 2, 21)

    def climb(growth, drift):
        return _climb(times, 100 * np.exp(growth * times), drift, 0.0, 3.0)

    assert climb(0.2, 0.0) == pytest.approx(0.0, abs=1e-6)
    assert climb(0.2, 0.1) == pytest.approx(0.1)
    assert climb(-0.02, 0.1) == pytest.approx(0.04)
    assert climb(0.02, -0.1) == pytest.approx(0.04)  # down the picture


def test_crouching_and_bowing():
    assert tops([Actor(still(100), lambda t: actors.SQUATTING)]) == ["crouching-bowing"]
    assert tops([Actor(still(100), lambda t: actors.BOWING)]) == ["crouching-bowing"]


def test_scores_are_shares_of_one():
    frames = scored([walker(100), Actor(still(300)), runner(30)])
    assert len(frames) > 0
    for item in frames:
        assert item.people.action_scores.shape == (3, 14)
        assert item.people.action_scores.sum(1) == pytest.approx([1, 1, 1], abs=1e-5)
        assert (item.people.action_scores >= 0).all()


def test_joint_noise_and_missing_joints_do_not_change_a_walk():
    random = np.random.default_rng(5)
    frames = []
    for item in film([walker(100)]):
        joints = item.people.keypoints + random.normal(0, 2, (1, 14, 2))
        gone = random.random((1, 14)) < 0.3
        joints[gone] = np.nan
        scores = np.where(gone, 0, item.people.keypoint_scores)
        frames.append(
            FramePeople(item.index, item.people.replace(keypoints=joints, keypoint_scores=scores))
        )
    out = list(recognise(frames, actors.video(), rules(every=25)))
    named = [ACTIONS[int(f.people.action_scores[0].argmax())] for f in out[::25]]
    assert named == ["walking-alone"] * 5


@pytest.mark.parametrize("fps", [10.0, 50.0])
def test_the_frame_rate_does_not_matter(fps: float):
    cast = [walker(100), walker(160), Actor(still(700), lambda t: actors.SITTING), runner(0)]
    at_25 = scored(cast)[50].people.action_scores
    other = scored(cast, fps=fps)[round(2 * fps)].people.action_scores
    np.testing.assert_allclose(other, at_25, atol=0.05)


@pytest.mark.parametrize("size", [30.0, 300.0])
def test_the_size_does_not_matter(size: float):
    k = size / 100
    cast = [
        Actor(going(100, 80 * k), stepping(), height=lambda t: size),
        Actor(still(900), lambda t: actors.SITTING, height=lambda t: size),
    ]
    assert tops(cast) == ["walking-alone", "sitting-alone"]


def test_one_frame_people_have_a_posture():
    frame = film([Actor(still(100), lambda t: actors.SITTING), Actor(still(500))])[:1]
    for people in (frame[0].people, frame[0].people.replace(track_ids=None)):
        [item] = recognise([FramePeople(0, people)], actors.video(), rules())
        named = [ACTIONS[k] for k in item.people.action_scores.argmax(1)]
        assert named == ["sitting-alone", "standing-alone"]


def test_an_empty_box_is_scored():
    people = People(np.array([[5.0, 5.0, 5.0, 5.0]]), np.ones(1), np.array([0]))
    [item] = recognise([FramePeople(0, people)], actors.video(), rules())
    assert np.isfinite(item.people.action_scores).all()


@pytest.mark.parametrize(("size", "score", "by_joints"), [(40, 0.7, 1), (40, 0.4, 0), (90, 0.4, 1)])
def test_small_poses_must_be_sure_to_be_believed(size: float, score: float, by_joints: int):
    # Whoever sits is told from a standing person by joints alone.
    frames = film([Actor(still(100), lambda t: actors.SITTING, height=lambda t: size)])
    unsure = [
        FramePeople(
            item.index,
            item.people.replace(keypoint_scores=np.full((len(item.people), 14), score)),
        )
        for item in frames
    ]
    found = list(recognise(unsure, actors.video(), rules(every=1)))[50].people.action_scores
    assert (ACTIONS[int(found[0].argmax())] == "sitting-alone") == bool(by_joints)


def test_jittery_boxes_of_two_who_stand_together_are_no_fight():
    # Sides that jump by 6 % of the height from frame to frame, as a detector's do on small people.
    random = np.random.default_rng(2)
    frames = []
    for item in film([Actor(still(100), poses=False), Actor(still(150), poses=False)]):
        boxes = item.people.boxes + random.normal(0, 6.0, item.people.boxes.shape)
        frames.append(FramePeople(item.index, item.people.replace(boxes=boxes)))
    scored_frames = list(recognise(frames, actors.video(), rules(every=1)))
    top = scored_frames[50].people.action_scores.argmax(1)
    assert [ACTIONS[k] for k in top] == ["gathering", "gathering"]
