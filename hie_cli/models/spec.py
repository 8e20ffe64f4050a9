"""``ModelSpec``: everything known of one model, whether packaged, imported or a plug-in's."""

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.errors import ModelError
from hie_cli.models.calibration import JointCalibration, ScoreCalibration
from hie_cli.models.images import Letterbox
from hie_cli.models.parts import EmbeddingDecoder, Network, PeopleDecoder, PoseDecoder

Task = Literal["detect", "pose", "appearance", "action"]
TASKS: tuple[Task, ...] = ("detect", "pose", "appearance", "action")


@dataclass(frozen=True)
class InputSpec:
    """What a network wants to see.

    ``size_wh``: width and height in pixels; of a detector of any size, the default.
    ``resize``: how an image gets there. ``fit``: its longer side to that of ``size_wh``, padded
    right and below to multiples of 32; ``letterbox``: as large as ``size_wh`` allows, the rest
    padded; ``stretch``: squeezed to ``size_wh``; ``crop``: a person's window. ``any_size``: whether
    a detector takes other sizes than its own. ``colour``: order of the channels; the network sees
    (value - mean) / std of values 0..255 in that order. ``padding``: grey level round the image.
    ``context``: of ``crop``, window over box along the side that fills the window. ``batch``: how
    many images the graph takes at once (0: any number). ``batched``: whether its outputs begin
    with the image's number; otherwise it runs image by image.
    """

    size_wh: tuple[int, int] = (0, 0)
    resize: Literal["fit", "letterbox", "stretch", "crop"] = "letterbox"
    any_size: bool = False
    colour: Literal["bgr", "rgb"] = "bgr"
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    padding: int = 114
    context: float = 1.25
    batch: int = 0
    batched: bool = True

    def letterbox(self, image_hw: tuple[int, int], long_side: int | None) -> Letterbox:
        """How an image of ``image_hw`` goes into the network at ``long_side`` (None: default).

        ModelError where the network takes no such size.
        """
        width, height = self.size_wh
        own = long_side is None or long_side == max(width, height)
        if not own and not self.any_size:
            raise ModelError(
                f"takes {width} x {height} pixels only, not a long side of {long_side}"
            )
        if self.resize == "fit" or not own:
            return Letterbox.fit(image_hw, long_side or max(width, height), self.padding)
        if self.resize == "stretch":
            return Letterbox.stretch(image_hw, (height, width))
        return Letterbox.into(image_hw, (height, width), self.padding)

    def scale(self, image_hw: tuple[int, int], long_side: int | None) -> float:
        """Input pixels per image pixel, along the height, of an image of ``image_hw``.

        1 where the size of the input is not known (0, 0).
        """
        if not all(self.size_wh):
            return 1.0
        return 1.0 / float(self.letterbox(image_hw, long_side).per_pixel[1])


class NetworkSource(Protocol):
    """Where a network comes from: files of the package, of the user, or a plug-in's code."""

    @property
    def sha256(self) -> str:
        """Of the weights, as hexadecimal digits; it goes into the documents' headers."""

    def open(self, input: InputSpec, device: str, threads: int | None) -> Network:
        """The network on ``device`` (auto, cpu, cuda, mps). Raises ModelError."""

    def files(self) -> tuple[tuple[str, str | None], ...]:
        """Each file's name, and what is wrong with it (None: intact)."""


@dataclass(frozen=True)
class ModelSpec:
    """One model.

    ``network``: its weights and graph (None: somebody else loads it, as actions are) ·
    ``architecture``: the network's name, for people · ``input`` · ``decoder``: from its outputs to
    people or poses, called as ``parts.PeopleDecoder`` or ``parts.PoseDecoder`` by ``task`` ·
    ``score``, ``joints``: what its raw scores mean (None: taken at their word) · ``cost``: time per
    megapixel of input over NanoDet's (None: not measured; such a detector runs at its own size
    only) · ``licence``, ``source``, ``summary``: for people · ``packaged``: travels with hie.
    """

    name: str
    task: Task
    network: NetworkSource | None = None
    architecture: str = ""
    input: InputSpec = InputSpec()
    decoder: PeopleDecoder | PoseDecoder | EmbeddingDecoder | None = None
    score: ScoreCalibration | None = None
    joints: JointCalibration | None = None
    cost: float | None = None
    licence: str = ""
    source: str = ""
    summary: str = ""
    packaged: bool = False

    @property
    def sha256(self) -> str:
        """Of the weights; empty where there are none to load."""
        return "" if self.network is None else self.network.sha256

    def person_probability(
        self, scores: NDArray[np.floating], heights: NDArray[np.floating]
    ) -> NDArray[np.float64]:
        """P(true) (N,) of a detector's raw scores (N,); heights (N,) in network input pixels."""
        if self.score is None:
            return np.asarray(scores, np.float64)
        return self.score.probability(scores, heights)
