"""Every learned recogniser by its name: the packaged one, or a folder of `hie train action`.

The card beside the weights tells which network it is, and so whether it needs pixels.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hie_cli.core.errors import ModelError
from hie_cli.core.types import Frame, VideoInfo
from hie_cli.models.runtime import resolve_device
from hie_cli.models.weights import PACKAGED, checked_bytes, fill, read_state
from hie_cli.recognition.learned.card import CARD, Card, read_card
from hie_cli.recognition.learned.footage import Footage
from hie_cli.recognition.learned.learned_recogniser import LearnedRecogniser
from hie_cli.recognition.learned.network_specs import NetworkSpec, spec_of

if TYPE_CHECKING:
    from torch import nn

SIMULATED = "pose-stream-sim"  # the packaged model: trained on simulation only


@dataclass(frozen=True)
class Learned:
    """A trained network on the CPU, its card and its kind."""

    network: "nn.Module"
    card: Card
    kind: NetworkSpec


def is_learned(name: str) -> bool:
    """Whether ``name`` is the packaged model or a folder."""
    return name == SIMULATED or Path(name).is_dir()


def needs_pixels(name: str) -> bool:
    """Whether the model looks at the video. Raises ModelError if there is no such model."""
    return _read(name)[2].wanted is not None


def load(name: str) -> Learned:
    """The packaged ``pose-stream-sim``, or the model in a folder that `hie train action` wrote.

    Raises ModelError: missing, damaged, or weights of another network than the card says.
    """
    path, card, kind = _read(name)
    weights = path.parent / card.weights
    data = checked_bytes(weights, card.sha256, "train the model anew or restore the file")
    network = kind.build()
    fill(network, read_state(data, str(weights)), str(weights))
    return Learned(network, card, kind)


def load_recogniser(
    name: str, video: VideoInfo, frames: Iterable[Frame] | None = None, device: str = "auto"
) -> LearnedRecogniser:
    """The model of that name as a recogniser of one video; pixels come from ``frames``, in order.

    Raises ModelError as ``load``, and for a model that needs pixels where there are no ``frames``.
    """
    learned = load(name)
    footage = None
    if learned.kind.wanted is not None:
        if frames is None:
            raise ModelError(f"{name}: looks at pixels; give the video with --video")
        footage = Footage(frames, video, learned.kind.wanted)
    device = resolve_device(device)
    return LearnedRecogniser(learned.network, learned.card, learned.kind, device, footage)


def _read(name: str) -> tuple[Path, Card, NetworkSpec]:
    path = PACKAGED / f"{SIMULATED}.json" if name == SIMULATED else Path(name) / CARD
    card = read_card(path)
    try:
        return path, card, spec_of(card.network, card.sampling, card.config)
    except ValueError as error:
        raise ModelError(f"{path}: {error}; train the model anew") from None
