"""A trained network as a recogniser of one video."""

from typing import TYPE_CHECKING

import numpy as np

from hie_cli.core.action_classes import NUM_ACTIONS
from hie_cli.core.types import FloatArray
from hie_cli.recognition.learned.card import Card
from hie_cli.recognition.learned.footage import Footage
from hie_cli.recognition.learned.network_specs import NetworkSpec
from hie_cli.recognition.window import Window

if TYPE_CHECKING:
    from torch import nn


class LearnedRecogniser:
    """Scores the people of a window, all of them in one pass; windows come in order of time.

    ``footage`` of the video is there for networks that look at pixels; without it no state is kept.
    """

    def __init__(
        self,
        network: "nn.Module",
        card: Card,
        kind: NetworkSpec,
        device: str,
        footage: Footage | None = None,
    ) -> None:
        self.card = card
        self.network = network.to(device).eval()
        self._kind = kind
        self._device = device
        self._footage = footage
        self._multi = bool(card.config.get("multi_label", False))

    def score(self, window: Window) -> FloatArray:
        """Probabilities (N, 14) of ``window.people``.

        Softmax over the actions; with ``multi_label`` in the card's settings each by itself.
        """
        import torch

        if not len(window.people):
            return np.zeros((0, NUM_ACTIONS))
        look = None if self._footage is None else self._footage.look(window.index)
        inputs = self._kind.inputs([self._kind.view(window, look)])
        with torch.inference_mode():
            logits = self.network(*(part.to(self._device) for part in inputs))
            scores = logits.sigmoid() if self._multi else logits.softmax(-1)
        found: FloatArray = scores.double().cpu().numpy()
        return found
