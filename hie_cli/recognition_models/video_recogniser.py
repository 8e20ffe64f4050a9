"""SlowFast as a recogniser: reads a video beside the tracks and scores the people of each window.

The pixels come from an own pass over the video, pulled on as the windows ask for them; of it only
the clip round the present window is held, shrunk to the size that the network wants.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from hie_cli.actions import NUM_ACTIONS
from hie_cli.errors import InputError, ModelError
from hie_cli.models.runtime import resolve_device
from hie_cli.models.weights import checked_bytes, fill, read_state
from hie_cli.recognition.window import Window, frames_per_second
from hie_cli.recognition_models.card import CARD, Card, read_card
from hie_cli.recognition_models.clips import Sampling
from hie_cli.types import FloatArray, Frame, Image, VideoInfo

if TYPE_CHECKING:
    from hie_cli.recognition_models.slowfast import SlowFast

NAMES = ("slowfast-r18", "slowfast-r50")
USUAL_SIDE = 256  # pixels of a clip's shorter side, as published


def clip_size(video: VideoInfo, side: int) -> tuple[int, int]:
    """Width and height of a clip whose shorter side is ``side``; never larger than the video."""
    scale = min(1.0, side / min(video.width, video.height))
    return max(1, round(video.width * scale)), max(1, round(video.height * scale))


class Footage:
    """The frames of a video around a moving middle, shrunk to ``side``.

    ``frames`` come in order of their indices, gaps allowed; they are read once, no farther than
    asked for, and forgotten once the middle has left them behind.
    """

    def __init__(
        self, frames: Iterable[Frame], video: VideoInfo, sampling: Sampling, side: int
    ) -> None:
        self._frames: Iterator[Frame] = iter(frames)
        self._held: deque[tuple[int, Image]] = deque()
        self._offsets = np.round(sampling.times * frames_per_second(video)).astype(int)
        self.size = clip_size(video, side)
        self.scale = self.size[0] / video.width

    def __len__(self) -> int:
        """How many frames are held."""
        return len(self._held)

    def clip(self, index: int) -> Image:
        """Frames (T, h, w, 3) uint8 BGR around frame ``index``; at the video's ends the first or
        last one stands in. Indices must not fall from call to call.

        Raises InputError where the video has no frame near ``index``.
        """
        wanted = index + self._offsets
        while not self._held or self._held[-1][0] < wanted[-1]:
            frame = next(self._frames, None)
            if frame is None:
                break
            small = cv2.resize(frame.image, self.size, interpolation=cv2.INTER_AREA)
            self._held.append((frame.index, small))
            self._forget(int(wanted[0]))
        self._forget(int(wanted[0]))
        if not self._held or self._held[-1][0] < index:
            raise InputError(
                f"the video ends before frame {index} of the tracks; give the video they are from"
            )
        known = np.array([t for t, _ in self._held])
        right = np.clip(np.searchsorted(known, wanted), 0, len(known) - 1)
        left = np.maximum(right - 1, 0)
        rows = np.where(wanted - known[left] < known[right] - wanted, left, right)
        return np.stack([self._held[int(row)][1] for row in rows])

    def _forget(self, first: int) -> None:
        """Drop what lies before frame ``first``, but the nearest before it."""
        while len(self._held) > 1 and self._held[1][0] <= first:
            self._held.popleft()


class VideoRecogniser:
    """Scores people by their pixels; windows come in order of time."""

    def __init__(
        self,
        network: "SlowFast",
        card: Card,
        frames: Iterable[Frame],
        video: VideoInfo,
        device: str,
    ) -> None:
        self.card = card
        self.network = network.to(device).eval()
        self.footage = Footage(
            frames, video, card.sampling, int(card.config.get("side", USUAL_SIDE))
        )
        self._multi = bool(card.config.get("multi_label", False))
        self._device = device

    def score(self, window: Window) -> FloatArray:
        """Probabilities (N, 14) of ``window.people``, all of them in one pass.

        Softmax over the actions; with ``multi_label`` in the card's settings each by itself.
        """
        import torch

        from hie_cli.recognition_models.slowfast import inputs

        people = window.people
        if not len(people):
            return np.zeros((0, NUM_ACTIONS))
        clip = torch.from_numpy(self.footage.clip(window.frame_index)).to(self._device)
        boxes = torch.from_numpy(people.boxes * self.footage.scale).to(self._device)
        with torch.inference_mode():
            which = torch.zeros(len(people), dtype=torch.int64, device=self._device)
            logits = self.network(inputs(clip[None]), boxes.float(), which)
            scores = logits.sigmoid() if self._multi else logits.softmax(-1)
        found: FloatArray = scores.double().cpu().numpy()
        return found


def split_name(name: str) -> tuple[str, str] | None:
    """Network and folder of ``slowfast-r18:FOLDER``; None for another recogniser's name."""
    network, _, folder = name.partition(":")
    return (network, folder) if network in NAMES else None


def load_slowfast(name: str) -> tuple["SlowFast", Card]:
    """The trained network that ``slowfast-r18:FOLDER`` names.

    Raises ModelError without a folder (there are no weights to fall back on), and for a folder that
    is missing, damaged or holds another network.
    """
    from hie_cli.recognition_models.slowfast import slowfast

    parts = split_name(name)
    if parts is None or not parts[1]:
        raise ModelError(
            f"{name}: hie ships no weights for it; train it or import some, then give {name}:FOLDER"
        )
    network, folder = parts[0], Path(parts[1])
    card = read_card(folder / CARD)
    if card.network != network:
        raise ModelError(f"{folder}: holds {card.network}, not {network}; give {card.network}:...")
    path = folder / card.weights
    data = checked_bytes(path, card.sha256, "train the model anew or restore the file")
    width = card.config.get("width", 64)
    if not isinstance(width, int) or width % 8 or not 8 <= width <= 256:
        raise ModelError(f"{folder / CARD}: width {width!r} makes no sense; train the model anew")
    empty = slowfast(network, width=width)
    fill(empty, read_state(data, str(path)), str(path))
    return empty, card


def video_recogniser(
    name: str, frames: Iterable[Frame] | None, video: VideoInfo, device: str = "auto"
) -> VideoRecogniser:
    """The recogniser ``slowfast-r18:FOLDER`` or ``slowfast-r50:FOLDER`` over a video's frames.

    Raises ModelError as ``load_slowfast``, and where there are no ``frames``.
    """
    network, card = load_slowfast(name)
    if frames is None:
        raise ModelError(f"{name}: looks at pixels; give the video with --video")
    return VideoRecogniser(network, card, frames, video, resolve_device(device))
