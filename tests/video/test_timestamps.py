import numpy as np
import pytest

from hie_cli.video.timestamps import frame_times
from tests.support.paths import DATA, ROOT

pytest.importorskip("av", reason="PyAV is not installed")


def test_a_rate_that_varies():
    """Stamps of the file: see tests/video/test_sources.py."""
    times = frame_times(DATA / "variable-rate.mkv", 6)
    np.testing.assert_allclose(times, [0.0, 0.1, 0.2, 0.9, 1.1, 1.5], atol=1e-3)


def test_a_steady_rate():
    times = frame_times(ROOT / "data" / "pets09-sample.mp4", None)
    np.testing.assert_allclose(np.diff(times), 0.1, atol=1e-3)


def test_what_has_no_times(tmp_path):
    assert frame_times(tmp_path, None) is None
    (tmp_path / "a.mp4").write_bytes(b"no video")
    assert frame_times(tmp_path / "a.mp4", None) is None
    assert frame_times(DATA / "variable-rate.mkv", 7) is None, "one frame more than it stamps"
    (tmp_path / "list.mp4").write_text(f"ffconcat version 1.0\nfile '{DATA}/rotated.mp4'\n")
    assert frame_times(tmp_path / "list.mp4", None) is None, "names another file"
