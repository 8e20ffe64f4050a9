"""Settings that name a model which may be missing."""

import pytest

from hie_cli.core import progress
from hie_cli.core.errors import ConfigError
from hie_cli.core.progress_events import Note
from hie_cli.models import registry
from hie_cli.models.spec import ModelSpec
from hie_cli.pipeline.settings import ChainConfig, load_chain


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("HIE_MODELS", str(tmp_path))
    monkeypatch.setattr(registry, "_registered", {})


def loaded(preset=None, **sets):
    """The configuration, and the notes on the way."""
    notes = []
    progress.set_reporter(lambda event: notes.append(event) if isinstance(event, Note) else None)
    try:
        config = load_chain(preset, None, {key.replace("__", "."): v for key, v in sets.items()})
    finally:
        progress.set_reporter(None)
    return config, [each.text for each in notes]


def test_best_works_without_anything_pulled_and_says_what_is_missing():
    config, notes = loaded("best")
    assert config.detect.models == ("nanodet", "movenet-multipose")
    assert config.pose.model == "movenet-thunder"
    assert notes == [
        "yolox-m-humanart is not there, it is done without; "
        "`hie models pull yolox-m-humanart` gets it",
        "rtmpose-m is not there, movenet-thunder is used; `hie models pull rtmpose-m` gets it",
    ]
    assert config.detect.budget == load_chain("accurate").detect.budget


def test_what_is_there_is_used():
    registry.register(ModelSpec("rtmpose-m", "pose"))
    registry.register(ModelSpec("yolox-m-humanart", "detect"))
    config, notes = loaded("best")
    assert config.detect.models == ("nanodet", "movenet-multipose", "yolox-m-humanart")
    assert config.pose.model == "rtmpose-m"
    assert not notes


def test_alternatives_in_settings_of_ones_own():
    config, notes = loaded(detect__models=["mine|yours|nanodet"])
    assert config.detect.models == ("nanodet",)
    assert notes[0].endswith("`hie models import FILE --name mine` makes it known")
    assert len(notes) == 2
    with pytest.raises(ConfigError, match="none of the models named is there"):
        loaded(detect__models=["mine|none"])
    assert loaded()[0] == ChainConfig()
