import json

import hie_cli
from hie_cli.cli.app import run
from hie_cli.pipeline.diagnosis import Diagnosis, Finding


def test_table_and_json(monkeypatch, capsys):
    found = Diagnosis((Finding("codecs", True, "fine"), Finding("weights", False, "gone", "again")))
    monkeypatch.setattr(hie_cli, "diagnose", lambda output, device: found, raising=False)
    assert run(["doctor"]) == 1
    assert capsys.readouterr().out == "ok    codecs   fine\nFAIL  weights  gone; again\n"
    assert run(["doctor", "--json"]) == 1
    record = json.loads(capsys.readouterr().out)
    assert (record["ok"], record["findings"][1]["fix"]) == (False, "again")
