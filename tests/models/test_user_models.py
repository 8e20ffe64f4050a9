"""The store of imported models, and `hie models` on the command line."""

import hashlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from typer.testing import CliRunner

from hie_cli.cli.app import build
from hie_cli.core.errors import ConfigError, ModelError
from hie_cli.models import registry, user_models, weights

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
def lightning():
    """The packaged Lightning's state."""
    data = (weights.PACKAGED / "movenet-lightning.safetensors").read_bytes()
    return dict(weights.read_state(data, "x"))


def _like(graphs, folder, data, suffix=".safetensors", **values):
    described = {"name": "mine", "like": "movenet-lightning"} | values
    return graphs.write(folder, data, suffix, **described)


def test_weights_of_our_own_network(tmp_path, graphs, store, lightning):
    image = np.random.default_rng(0).integers(0, 255, (90, 80, 3), dtype=np.uint8)
    boxes = [np.array([[10.0, 5, 60, 85]])]
    changed = dict(lightning)
    changed["offset.1.bias"] = changed["offset.1.bias"] + np.float16(1)  # a cell right and down
    data = safetensors.numpy.save(changed)
    user_models.install(*_like(graphs, tmp_path, data))
    assert "mine" in registry.names("pose")
    ((before, scores),) = registry.load_estimator("movenet-lightning", "cpu", 1).estimate(
        [image], boxes
    )
    mine = registry.load_estimator("mine", "cpu", 1)
    ((after, same),) = mine.estimate([image], boxes)
    np.testing.assert_allclose(after - before, 4 * 100 / 192, atol=0.02)  # 100 px window at 192
    np.testing.assert_array_equal(same, scores)
    assert mine.name == "mine"
    # Damaged later, it is refused by name, and the packaged ones still load.
    file = store / "mine" / "weights.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ModelError, match=r"mine/weights\.safetensors: sha256"):
        registry.load("mine", "cpu")
    assert [row["name"] for row in registry.verify() if row["error"]] == ["mine"]
    registry.load("nanodet", "cpu")


def test_a_torch_state_dict(tmp_path, graphs, lightning):
    import torch

    buffer = io.BytesIO()
    torch.save({name: torch.from_numpy(v).float() for name, v in lightning.items()}, buffer)
    model = user_models.install(*_like(graphs, tmp_path, buffer.getvalue(), ".pt"))
    assert Path(model.network.files()[0][0]).name == "weights.safetensors"
    image = np.full((90, 80, 3), 90, np.uint8)
    boxes = [np.array([[10.0, 5, 60, 85]])]
    ours = registry.load_estimator("mine", "cpu", 1).estimate([image], boxes)
    theirs = registry.load_estimator("movenet-lightning", "cpu", 1).estimate([image], boxes)
    np.testing.assert_array_equal(ours[0][0], theirs[0][0])


class _Dangerous:
    def __reduce__(self):
        import os

        return os.system, ("echo should never run",)


def test_a_pickle_that_would_run_code_is_refused(tmp_path, graphs, store):
    import torch

    buffer = io.BytesIO()
    torch.save({"layer": _Dangerous()}, buffer)
    with pytest.raises(ModelError, match="not a torch file of plain weights") as error:
        user_models.install(*_like(graphs, tmp_path, buffer.getvalue(), ".pt"))
    assert "weights_only" not in str(error.value)  # torch tells how to run it
    assert not store.exists()


@pytest.mark.parametrize("kind", ["sparse", "complex", "whole", "list", "number", "bfloat16"])
def test_torch_files_of_other_than_plain_tensors(tmp_path, graphs, store, lightning, kind):
    import torch

    plain = torch.ones(4)
    extra = {
        "sparse": plain.to_sparse(),
        "complex": torch.ones(4, dtype=torch.complex64),
        "whole": torch.ones(4, dtype=torch.int64),
        "list": [plain],
        "number": 3,
        "bfloat16": plain.bfloat16(),
    }[kind]
    state = {name: torch.from_numpy(value) for name, value in lightning.items()} | {"extra": extra}
    buffer = io.BytesIO()
    torch.save(state, buffer)
    reason = "layer extra is unknown" if kind == "bfloat16" else "'extra' is no plain tensor"
    with pytest.raises(ModelError, match=reason):
        user_models.install(*_like(graphs, tmp_path, buffer.getvalue(), ".pt"))
    assert not store.exists()


DAMAGED = {
    "empty": b"", "no mapping": b"- 1", "not text": b"\xff\xfe\x00", "no YAML": b"name: [",
    "deep": b"[" * 1200, "a date": b"name: 2020-01-01", "a long number": b"padding: " + b"9" * 5000,
    "control": b"name: \x00", "an alias to itself": b"a: &a [*a]", "a tag": b"!!python/none x",
}  # fmt: skip


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_manifest_breaks_nothing_but_its_model(store, kind):
    (store / "bad").mkdir(parents=True)
    (store / "bad" / "manifest.yaml").write_bytes(DAMAGED[kind])
    assert "bad" not in registry.names()
    with pytest.raises(ModelError, match=r"bad/manifest\.yaml"):
        registry.find("bad")
    listed = run("list")
    assert listed.exit_code == 0
    assert "nanodet" in listed.stdout
    (broken,) = [row for row in registry.verify() if row["error"]]
    assert broken["name"] == "bad"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda s: s.pop("offset.1.bias"), "offset.1.bias is missing"),
        (lambda s: s.update(extra=np.zeros(1, np.float16)), "layer extra is unknown"),
        (lambda s: s.update({"offset.1.bias": np.zeros(3, np.float16)}), "has shape (3,)"),
        (
            lambda s: s.update({"offset.1.bias": np.full(34, np.nan, np.float16)}),
            "not all finite",
        ),
    ],
)
def test_weights_that_do_not_fit_are_refused(tmp_path, graphs, store, lightning, change, reason):
    change(lightning)
    with pytest.raises(ModelError) as error:
        user_models.install(*_like(graphs, tmp_path, safetensors.numpy.save(lightning)))
    assert reason in str(error.value)
    assert not store.exists()


def test_files_that_are_not_weights_are_refused(tmp_path, graphs):
    with pytest.raises(ModelError, match="not a safetensors file"):
        user_models.install(*_like(graphs, tmp_path, b"nothing"))
    with pytest.raises(ModelError, match="not a torch file"):
        user_models.install(*_like(graphs, tmp_path, b"nothing", ".pth"))


def test_another_sha256_is_refused(tmp_path, graphs, lightning):
    paths = _like(graphs, tmp_path, safetensors.numpy.save(lightning), sha256="0" * 64)
    with pytest.raises(ModelError, match=r"sha256 is .* expected 000000"):
        user_models.install(*paths)
    paths[0].unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        user_models.install(*paths)


def test_names_that_are_taken(tmp_path, graphs, store, lightning):
    data = safetensors.numpy.save(lightning)
    with pytest.raises(ModelError, match="packaged model's name"):
        user_models.install(*_like(graphs, tmp_path, data, name="nanodet"))
    paths = _like(graphs, tmp_path, data)
    user_models.install(*paths)
    with pytest.raises(ModelError, match="already imported; --overwrite"):
        user_models.install(*paths)
    lightning["offset.1.bias"] = lightning["offset.1.bias"] * 0
    newer = safetensors.numpy.save(lightning)
    user_models.install(*_like(graphs, tmp_path, newer), overwrite=True)
    assert (store / "mine" / "weights.safetensors").read_bytes() == newer
    assert sorted(path.name for path in store.iterdir()) == ["mine"]


def test_a_damaged_manifest_in_the_store_harms_only_its_model(tmp_path, graphs, store, lightning):
    user_models.install(*_like(graphs, tmp_path, safetensors.numpy.save(lightning)))
    (store / "mine" / "manifest.yaml").write_text("name: other\n")
    assert "mine" not in registry.names()
    with pytest.raises(ModelError, match=r"mine/manifest\.yaml"):
        registry.load("mine", "cpu")
    registry.load("nanodet", "cpu")


def run(*arguments):
    return CliRunner().invoke(build(), ["models", *arguments])


def test_command_list_and_show():
    rows = json.loads(run("list", "--json").stdout)
    names = [row["name"] for row in rows]
    assert names[: len(registry.names())] == registry.names()
    assert names[len(registry.names()) :] == ["kinematic", "pose-stream-sim"]
    assert "movenet-thunder" in run("list", "--task", "pose").stdout
    assert "nanodet" not in run("list", "--task", "pose").stdout
    shown = json.loads(run("show", "nanodet", "--json").stdout)
    assert shown["licence"] == "Apache-2.0"
    assert "NanoDet" in run("show", "nanodet").stdout
    assert isinstance(run("show", "nobody").exception, ModelError)


def test_command_import_and_verify(tmp_path, graphs, store):
    rows = np.zeros((1, 84, 85), np.float32)
    data = graphs.planted({"output": rows}, [1, 3, 64, 64])
    sha256 = hashlib.sha256(data).hexdigest()
    values = {"name": "mine", "sha256": sha256, "licence": "MIT"}
    values |= {"decoder": "yolox", "decoded": True, "input_size": [64, 64]}
    file, described = graphs.write(tmp_path, data, **values)
    given = ("import", str(file), "--manifest", str(described))
    refused = run(*given)  # a graph that sees nobody: is the manifest right?
    assert isinstance(refused.exception, ConfigError)
    assert "0 of the 7 people in the test picture only; mend the" in str(refused.exception)
    assert not store.exists()
    result = run(*given, "--accept-doubts")
    assert result.exit_code == 0, result.output
    assert "imported mine (detect)" in result.stdout
    assert (store / "mine" / "seen.png").is_file()
    assert "mine: ok" in run("verify").stdout
    assert run("verify").exit_code == 0
    (store / "mine" / "model.onnx").unlink()
    assert run("verify").exit_code == 4
    broken = [r for r in json.loads(run("verify", "--json").stdout) if r["error"]]
    assert [row["name"] for row in broken] == ["mine"]
