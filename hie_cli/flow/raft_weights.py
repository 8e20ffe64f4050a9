"""Weights of RAFT-small from files, under the names of torchvision or of its authors."""

import re
from pathlib import Path

from torch import Tensor

from hie_cli.core import torch_files
from hie_cli.core.errors import ModelError
from hie_cli.flow.raft import RaftSmall


def load(path: str) -> RaftSmall:
    """The network with the weights of ``path``: a ``.safetensors`` file or torch's state dict,
    under the names of torchvision's ``raft_small`` or of the authors' ``raft-small.pth``.

    Raises ModelError for a file that is missing, unreadable or holds other names or shapes.
    """
    if not path:
        raise ModelError(
            "flow.method raft-small needs weights, which hie does not ship; "
            "give them with --set refine.flow.weights=FILE"
        )
    if not Path(path).is_file():
        raise ModelError(f"flow.weights: {path}: no such file; check the path")
    state = torchvision_names(_state(path))
    network = RaftSmall()
    wanted = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    held = {str(name): tuple(value.shape) for name, value in state.items()}
    wrong = sorted(name for name in wanted | held if wanted.get(name) != held.get(name))
    if wrong:
        name = wrong[0]
        raise ModelError(
            f"flow.weights: {path}: does not fit raft-small at {name} "
            f"(expected {wanted.get(name, 'nothing')}, found {held.get(name, 'nothing')}; "
            f"{len(wrong)} differ in all); give torchvision's or the authors' raft_small state dict"
        )
    network.load_state_dict(state)
    return network.eval()


# From the authors' names (github.com/princeton-vl/RAFT, core/extractor.py and core/update.py) to
# torchvision's, in this order.
_AUTHORS = (
    (r"module\.", ""),
    (r"fnet\.", "feature_encoder."),
    (r"cnet\.", "context_encoder."),
    (r"(feature|context)_encoder\.conv1\.", r"\1_encoder.convnormrelu.0."),
    (r"(feature|context)_encoder\.conv2\.", r"\1_encoder.conv."),
    (r"(.*\.layer\d\.\d)\.conv(\d)\.", r"\1.convnormrelu\2.0."),
    (r"update_block\.encoder\.convc1\.", "update_block.motion_encoder.convcorr1.0."),
    (r"update_block\.encoder\.convf(\d)\.", r"update_block.motion_encoder.convflow\1.0."),
    (r"update_block\.encoder\.conv\.", "update_block.motion_encoder.conv.0."),
    (r"update_block\.gru\.", "update_block.recurrent_block.convgru1."),
)


def torchvision_names(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """``state`` with the authors' names, if it has them, turned into torchvision's."""
    if not any(re.match(r"(module\.)?[fc]net\.", str(name)) for name in state):
        return state
    renamed = {}
    for given, value in state.items():
        name = str(given)
        for pattern, replacement in _AUTHORS:
            name = re.sub(f"^{pattern}", replacement, name)
        renamed[name] = value
    return renamed


def _state(path: str) -> dict[str, Tensor]:
    try:
        if path.endswith(".safetensors"):
            from safetensors.torch import load_file

            return load_file(path)
        state = torch_files.plain(path)
    except Exception as error:  # whatever the two libraries make of a damaged file
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelError(f"flow.weights: {path}: cannot be read ({reason})") from None
    if not isinstance(state, dict) or not all(isinstance(v, Tensor) for v in state.values()):
        raise ModelError(f"flow.weights: {path}: not a state dict; give torchvision's raft_small")
    return state
