"""Appearance networks: the crop of each box, stretched, to a vector of length 1."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from hie_cli.core.errors import ModelError
from hie_cli.models import registry, user_models
from hie_cli.models.decoders.embedding import Embedding

pytestmark = pytest.mark.usefixtures("store")


def mean_colour(shape=("n", 64, 32, 3)):
    """A graph from crops, channels last, to their mean colours (N, 3)."""
    made = helper.make_graph(
        [helper.make_node("ReduceMean", ["images"], ["mean"], axes=[1, 2], keepdims=0)],
        "colours",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("mean", TensorProto.FLOAT, ["n", 3])],
        [numpy_helper.from_array(np.float32([0.0]), "unused")],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    return model.SerializeToString()


@pytest.mark.parametrize("batch", ["n", 1])
def test_each_box_gives_its_own_vector(tmp_path, graphs, batch):
    data = mean_colour([batch, 64, 32, 3])
    values = {"name": "colours", "decoder": "embedding", "input_size": [32, 64]}
    user_models.install(*graphs.write(tmp_path, data, **values))
    assert registry.names("appearance") == ["mobilenet-v2", "colours"]
    model = registry.load_appearance("colours")
    image = np.zeros((100, 100, 3), np.uint8)
    image[:, :50] = (30, 40, 0)  # blue and green: 3 : 4, of length 50
    image[:, 50:] = (0, 0, 200)
    left, right = [5.0, 5, 25, 65], [60.0, 5, 99.5, 99.5]
    outside = [200.0, 5, 300, 50]
    nobody, found = model.embed(
        [image, image], [np.zeros((0, 4)), np.array([left, right, outside])]
    )
    assert len(nobody) == 0
    np.testing.assert_allclose(found, [[0.6, 0.8, 0], [0, 0, 1], [0, 0, 0]], atol=1e-6)
    assert model.embed([], []) == []


def test_what_is_no_vector_is_refused():
    with pytest.raises(ModelError, match=r"gives \(1,\); expected a vector"):
        Embedding()([np.zeros((2, 1), np.float32)])
    with pytest.raises(ModelError, match="expected a vector"):
        Embedding()([np.zeros((2, 4), np.float32)] * 2)


def test_other_tasks_are_refused():
    with pytest.raises(ModelError, match=r"'nanodet' is for detect, not .*: mobilenet-v2"):
        registry.load_appearance("nanodet")
