from hie_cli.models import registry
from hie_cli.pipeline import diagnosis
from hie_cli.pipeline.diagnosis import diagnose


def test_a_sound_installation(tmp_path):
    found = diagnose(tmp_path / "out")
    assert found.ok, [finding for finding in found.findings if not finding.ok]
    names = [finding.name for finding in found.findings]
    for name in ("hie", "numpy", "codecs", "device", "weights", "results", "run nanodet"):
        assert name in names
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"


def test_what_is_wrong_is_a_finding_with_a_fix(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(diagnosis, "NEEDED", ("no-such-package",))
    monkeypatch.setattr(registry, "verify", lambda: [{"name": "nanodet.onnx", "error": "damaged"}])
    monkeypatch.setattr(registry, "names", lambda task=None: ["no-such-model"])
    found = diagnose(tmp_path / "file" / "out", device="tpu")
    assert not found.ok
    bad = {finding.name: finding for finding in found.findings if not finding.ok}
    assert bad["no-such-package"].fix == "pip install no-such-package"
    assert "--device tpu: unknown" in bad["device"].detail
    assert bad["weights nanodet.onnx"].detail == "damaged"
    assert "is a file, not a folder" in bad["results"].detail
    assert "unknown" in bad["run no-such-model"].detail
    assert all(finding.fix for finding in bad.values())


def test_little_space_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(diagnosis, "LEAST_FREE", 1 << 60)
    [results] = [f for f in diagnose(tmp_path).findings if f.name == "results"]
    assert not results.ok
    assert "MiB left" in results.detail


def test_it_says_how_overlays_are_written(monkeypatch):
    monkeypatch.setattr(diagnosis, "h264_encoder", lambda: None)
    assert "pip install 'hie[video]'" in diagnosis._overlays()
    monkeypatch.setattr(diagnosis, "h264_encoder", lambda: "libx264")
    assert diagnosis._overlays() == "H.264 (libx264), which browsers play"
