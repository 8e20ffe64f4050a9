"""What is read of models: cards, fitted decisions, lists of speeds, graphs, archives of weights."""

import os
from pathlib import Path


def small_graph() -> bytes:
    """An ONNX graph with a weight, which adds it."""
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    shape = [1, 3]
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "w"], ["y"])],
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(np.ones(shape, np.float32), "w")],
    )
    return bytes(helper.make_model(graph).SerializeToString())


def read_card(path: Path) -> None:
    """The card of a learned recogniser, and the network that it describes."""
    from hie_cli.recognition.learned import loading

    place = path.parent / "model"
    place.mkdir()
    path.rename(place / "card.json")
    loading.needs_pixels(str(place))


def read_fusion(path: Path) -> None:
    """The card of a fusion."""
    from hie_cli.recognition.learned import fused_recogniser

    path.rename(path.parent / "card.json")
    fused_recogniser.is_fusion(str(path.parent))
    fused_recogniser.member_names(path.parent, fused_recogniser.read_fusion_card(path.parent))


def read_decision(path: Path) -> None:
    """A fitted decision."""
    from hie_cli.recognition.kinematic import decision

    decision.load.__wrapped__(path)


def read_speeds(path: Path) -> None:
    """A damaged list of speeds is no list, or a shorter one."""
    from hie_cli.models import benchmark

    os.environ["HIE_MODELS"] = str(path.parent)
    path.rename(path.parent / benchmark._FILE)
    vars(benchmark)["cpu"] = lambda: "x"  # the machine in the file
    for speed in benchmark.known().values():
        assert speed.text


def read_graph(path: Path) -> None:
    """Whether a graph keeps all its weights."""
    from hie_cli.models.onnx_bytes import check_self_contained

    check_self_contained(path.read_bytes(), str(path))


def read_packed(path: Path) -> None:
    """A graph in an archive."""
    from hie_cli.models.catalogue import archive

    archive.member(path, "end2end.onnx")
