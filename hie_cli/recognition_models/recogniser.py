"""Trained networks as recognisers: loaded from the package or a training's folder."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hie_cli.actions import NUM_ACTIONS
from hie_cli.models.runtime import resolve_device
from hie_cli.models.weights import PACKAGED, checked_bytes, fill, read_state
from hie_cli.recognition.window import Window
from hie_cli.recognition_models.card import CARD, Card, read_card
from hie_cli.recognition_models.clips import clip_of
from hie_cli.types import FloatArray

if TYPE_CHECKING:
    from torch import nn

SIMULATED = "pose-stream-sim"  # the packaged model: trained on simulation only


class LearnedRecogniser:
    """Scores the people of a window with a trained network; keeps no state."""

    def __init__(self, network: "nn.Module", card: Card, device: str) -> None:
        self.card = card
        self.network = network.to(device).eval()
        self._device = device

    def score(self, window: Window) -> FloatArray:
        """Probabilities (N, 14) of ``window.people``."""
        import torch

        if not window.tracks:
            return np.zeros((0, NUM_ACTIONS))
        clip = clip_of(window, self.card.sampling)
        parts = (clip.joints, clip.boxes, clip.pairs, np.ones(len(clip), bool))
        with torch.inference_mode():
            inputs = [torch.from_numpy(part).to(self._device)[None] for part in parts]
            scores = self.network(*inputs)[0].softmax(-1)
        found: FloatArray = scores.double().cpu().numpy()
        return found


def empty_network(name: str) -> "nn.Module":
    """A network by its card's name, with random weights."""
    from hie_cli.recognition_models.pose_stream import PoseStream

    return {"pose-stream": PoseStream}[name]()


def load_network(folder: Path, card: str = CARD) -> tuple["nn.Module", Card]:
    """The network and card in ``folder``. Raises ModelError: missing, damaged, another network."""
    found = read_card(folder / card)
    path = folder / found.weights
    data = checked_bytes(path, found.sha256, "train the model anew or restore the file")
    network = empty_network(found.network)
    fill(network, read_state(data, str(path)), str(path))
    return network, found


def load_recogniser(name: str, device: str = "auto") -> LearnedRecogniser:
    """The packaged ``pose-stream-sim``, or the model in a folder that ``hie train action`` wrote.

    Raises ModelError if there is no such model.
    """
    if name == SIMULATED:
        network, card = load_network(PACKAGED, f"{SIMULATED}.json")
    else:
        network, card = load_network(Path(name))
    return LearnedRecogniser(network, card, resolve_device(device))
