import sys
from importlib.metadata import EntryPoint

import pytest

from hie_cli.core import plugins
from hie_cli.core.errors import ConfigError


@pytest.fixture(autouse=True)
def _fresh(monkeypatch, tmp_path):
    monkeypatch.setattr(plugins, "_loaded", False)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delenv(plugins.VARIABLE, raising=False)
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [])
    yield
    for name in ("toy_a", "toy_b", "toy_bad"):
        sys.modules.pop(name, None)


def test_modules_of_the_environment_are_imported_once(monkeypatch, tmp_path):
    (tmp_path / "toy_a.py").write_text("from hie_cli.core import plugins\nplugins.load()\n")
    (tmp_path / "toy_b.py").write_text("")
    monkeypatch.setenv(plugins.VARIABLE, "toy_a, toy_b,")
    plugins.load()
    assert {"toy_a", "toy_b"} <= sys.modules.keys()
    del sys.modules["toy_a"]
    plugins.load()
    assert "toy_a" not in sys.modules


def test_entry_points_are_imported(monkeypatch, tmp_path):
    (tmp_path / "toy_a.py").write_text("")
    entry = EntryPoint("toy", "toy_a", plugins.GROUP)
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [entry])
    plugins.load()
    assert "toy_a" in sys.modules


@pytest.mark.parametrize("name", ["toy_missing", "toy_bad"])
def test_a_broken_plugin_is_named_again_and_again(name, monkeypatch, tmp_path):
    (tmp_path / "toy_bad.py").write_text("raise RuntimeError('no\\nluck')")
    monkeypatch.setenv(plugins.VARIABLE, name)
    for _ in range(2):
        with pytest.raises(ConfigError, match=rf"HIE_PLUGINS: {name}: cannot be imported") as found:
            plugins.load()
        assert "\n" not in str(found.value)


def test_a_broken_entry_point_is_named(monkeypatch):
    entry = EntryPoint("toy", "toy_missing", plugins.GROUP)
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [entry])
    with pytest.raises(ConfigError, match="plug-in toy of toy_missing: cannot be imported"):
        plugins.load()
