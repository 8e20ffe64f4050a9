"""Which GPUs there are, and which one a worker gets."""

import pytest

from hie_cli.core.gpus import VARIABLE, least_used, visible


@pytest.fixture
def devices(tmp_path, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    for name in ("nvidia10", "nvidia2", "nvidiactl", "nvidia-uvm", "null"):
        (tmp_path / name).touch()
    return tmp_path


def test_what_linux_shows(devices):
    assert visible(devices) == ["2", "10"]
    assert visible(devices / "none") == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [("0,1", ["0", "1"]), ("GPU-8f", ["GPU-8f"]), ("", []), ("-1", []), ("3, 1,-1,0", ["3", "1"])],
)
def test_the_variable_decides(devices, monkeypatch, given, expected):
    monkeypatch.setenv(VARIABLE, given)
    assert visible(devices) == expected


def test_workers_share_gpus_evenly():
    used: list[str] = []
    for expected in ("0", "1", "0", "1"):
        used.append(least_used(["0", "1"], used))
        assert used[-1] == expected
    assert least_used(["0", "1"], ["0", "1", "0"]) == "1"  # after a worker of 1 died
    assert least_used([], ["0"]) == ""
