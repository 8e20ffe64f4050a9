import numpy as np
import pytest

from hie_cli.core.errors import ModelError
from hie_cli.core.types import VideoInfo
from hie_cli.recognition.learned.loading import SIMULATED, load, load_recogniser
from hie_cli.recognition.window import windows
from hie_cli.simulation.crowd import CrowdConfig, simulate, truth
from hie_cli.simulation.observe import observe
from hie_cli.training.action.labels import labels_of

VIDEO = VideoInfo("v", 1280, 720, 25.0, None)


def test_the_packaged_model_says_what_it_was_trained_on():
    card = load(SIMULATED).card
    assert "simulation only" in card.data
    assert card.name == SIMULATED


def test_the_packaged_model_knows_crowds_it_has_not_seen():
    right = total = 0
    learned = load_recogniser(SIMULATED, VIDEO)
    for seed in (900, 901):
        crowd = simulate(CrowdConfig(seed=seed, people=14, frames=101, split="test"))
        observed = observe(crowd)
        labels = labels_of(observed, truth(crowd).frames)
        for item, window in windows(observed, crowd.info, 2.0, 50):
            if window is not None and item.index in labels:
                known = labels[item.index] >= 0
                said = learned.score(window).argmax(1)
                right += int((said == labels[item.index])[known].sum())
                total += int(known.sum())
    assert total > 40
    assert right / total > 0.6  # chance: 1/14


def test_scores_do_not_depend_on_what_came_before():
    learned = load_recogniser(SIMULATED, VIDEO)
    crowd = simulate(CrowdConfig(seed=902, people=5, frames=60))
    found = [w for _, w in windows(observe(crowd), crowd.info, 2.0, 20) if w is not None]
    first = [learned.score(w) for w in found]
    again = [learned.score(w) for w in reversed(found)][::-1]
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))


def test_no_such_model(tmp_path):
    with pytest.raises(ModelError, match="cannot be read"):
        load(str(tmp_path / "nothing"))
