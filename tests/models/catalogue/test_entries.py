"""The catalogue that the package carries."""

import pytest

from hie_cli.core.errors import ModelError
from hie_cli.models import manifest
from hie_cli.models.catalogue import entries
from hie_cli.models.decoders.layouts import LAYOUTS
from hie_cli.models.packaged import MODELS


def test_every_entry_says_what_one_must_know():
    every = entries.available()
    names = [entry.name for entry in every]
    assert len(set(names)) == len(names) >= 15
    assert not set(names) & {model.name for model in MODELS}
    assert len({entry.file_name for entry in every}) == len(every), "one place in a mirror each"
    for entry in every:
        assert entry.licence
        assert entry.summary
        assert entry.figures
        assert (entry.task == "flow") <= bool(entry.use)
        assert not entry.use or "FILE" in entry.use
        assert entry.checksum == "not published" or entry.checked_by


@pytest.mark.parametrize("entry", [e for e in entries.available() if e.manifest], ids=str)
def test_what_is_known_of_a_layout_makes_sense(entry):
    values = {"name": entry.name, "sha256": "0" * 64, "licence": entry.licence}
    model = manifest.parse(values | {"input_size": [64, 64]} | entry.manifest, "entries.yaml")
    assert LAYOUTS[model.manifest.decoder].task == entry.task


def test_an_unknown_name_leads_to_the_nearest():
    with pytest.raises(ModelError, match="'rtmpose-tt' is not in the catalogue; did you mean 'rtm"):
        entries.find("rtmpose-tt")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("address: http://example.org/a.onnx", "expected https"),
        ("address: https://example.org/a, sha256: '12345678'", "say who states the digests"),
        ("address: https://example.org/a, sha256: xyz, checked_by: users", "hexadecimal"),
        ("adress: https://example.org/a", "adress"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path, row, reason):
    path = tmp_path / "entries.yaml"
    path.write_text(f"- {{name: mine, task: pose, summary: s, licence: MIT, {row}}}\n")
    with pytest.raises(ModelError, match=reason) as error:
        entries.read(path)
    assert "mine" in str(error.value)
