import dataclasses

import numpy as np
import onnx
import pytest
import torch

from hie_cli.core.errors import ConfigError
from hie_cli.models import registry, user_models
from hie_cli.models.onnx_bytes import with_outputs
from hie_cli.models.runtime import session
from hie_cli.training import export
from hie_cli.training.distillation.teachers import OnnxTeacher, OpenTeacher, teacher_of
from tests.support.stills import picture

SIDE = 64


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """NanoDet as an imported ONNX file, and the names of its neck's maps in the graph."""
    folder = tmp_path_factory.mktemp("teachers")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HIE_MODELS", str(folder / "models"))
        export.export_model("nanodet", folder / "graph.onnx")
        user_models.install(folder / "graph.onnx", folder / "graph.yaml")
        spec = registry.find("graph")
    model = onnx.load(str(folder / "graph.onnx"))
    heads = {f"network.heads.{k}.0.0.weight": k for k in range(3)}
    names = {
        heads[weight]: node.input[0]
        for node in model.graph.node
        for weight in node.input[1:2]
        if weight in heads
    }
    return spec, [names[k] for k in range(3)]


def test_a_graph_s_maps_are_those_of_the_module(imported):
    spec, names = imported
    images = torch.from_numpy(np.stack([picture([[20, 10, 40, 60]], (SIDE, SIDE))] * 2))
    theirs = teacher_of(spec, names, SIDE, "cpu")
    ours = teacher_of(registry.find("nanodet"), (), SIDE, "cpu")
    assert isinstance(theirs, OnnxTeacher)
    assert isinstance(ours, OpenTeacher)
    assert theirs.widths == ours.widths == (128, 128, 128)
    with torch.no_grad():
        for a, b in zip(theirs.maps(images), ours.maps(images), strict=True):
            torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-3)


def test_further_outputs_need_no_other_library(imported):
    """The bytes are those that onnx reads as the same graph with one output more."""
    spec, names = imported
    data = spec.network.path.read_bytes()
    wider = onnx.load_from_string(with_outputs(data, names[:1]))
    before = onnx.load_from_string(data)
    assert [o.name for o in wider.graph.output] == [
        *(o.name for o in before.graph.output),
        names[0],
    ]
    assert len(wider.graph.node) == len(before.graph.node)
    assert with_outputs(data, []) == data
    long = "x" * 300  # a length of two bytes
    assert onnx.load_from_string(with_outputs(data, [long])).graph.output[-1].name == long
    assert session(with_outputs(data, names), "wider", 1).get_outputs()[-1].name == names[-1]


def test_what_is_wrong_is_one_line(imported):
    spec, names = imported
    for given, message in (
        (names[:2], "2 names; expected three"),
        ([*names[:2], "nothing"], "distill.maps: graph: its graph has no value nothing"),
        (
            [names[1], names[0], names[2]],
            r"for pictures of 64; expected \(N, C, 8, 8\) for stride 8",
        ),
    ):
        with pytest.raises(ConfigError, match=message) as caught:
            OnnxTeacher(spec, given, SIDE)
        assert "\n" not in str(caught.value)
    with pytest.raises(ConfigError, match=r"names the three of its graph"):
        teacher_of(spec, (), SIDE, "cpu")
    with pytest.raises(ConfigError, match="no ONNX file"):
        teacher_of(registry.find("nanodet"), names, SIDE, "cpu")
    with pytest.raises(ConfigError, match="not open here"):
        teacher_of(registry.find("movenet-multipose"), (), SIDE, "cpu")


def test_a_teacher_of_another_size_names_its_own(imported, monkeypatch):
    spec, names = imported
    fixed = dataclasses.replace(spec, input=dataclasses.replace(spec.input, size_wh=(320, 320)))
    monkeypatch.setattr(
        "hie_cli.training.distillation.teachers.ImportedNetwork",
        lambda *given: type("Fixed", (), {"any_size": False})(),
    )
    with pytest.raises(
        ConfigError, match=r"takes 320 x 320 pixels only.*squares of 64; --set side=320"
    ):
        OnnxTeacher(fixed, names, SIDE)
