"""Several recognisers and the scene, fused as `hie train fusion` fitted them; one folder."""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.errors import ModelError
from hie_cli.core.records import read_record, texts
from hie_cli.core.types import FloatArray, Frame, FramePeople, VideoInfo
from hie_cli.models.runtime import resolve_device
from hie_cli.models.weights import checked_bytes, fill, read_state
from hie_cli.recognition.base import Recogniser
from hie_cli.recognition.learned import loading
from hie_cli.recognition.learned.card import CARD
from hie_cli.recognition.scene.survey import Segmenter, Survey, survey, vector_size
from hie_cli.recognition.window import Window

if TYPE_CHECKING:
    from hie_cli.recognition.scene.correction import Correction

NETWORK = "fusion"  # in a card, where others name their network
# No correction, one by the scores alone, by a prior of the scene, by scores and scene together.
WAYS = ("none", "scores", "prior", "concat")
SCENE_WAYS = ("prior", "concat")  # those that look at the video
SCENE_FILE, SEGMENTATION_FILE = "scene.safetensors", "segmentation.safetensors"
OWN = "own"  # a member that lies in the folder itself, under ``member_folder``
BUILT_IN = ("kinematic", loading.SIMULATED)
_FIX = "fit the fusion anew or restore the file"


@dataclass(frozen=True)
class FusionCard:
    """What a fusion is made of.

    members: ``OWN`` or the name of one that comes with hie, each with its weight (adding up to 1) ·
    scene: one of ``WAYS`` · beta of a prior · segmentation: the network's name or "" · sha256 of
    the files by name · ``data`` and ``numbers`` are for people.
    """

    name: str
    members: tuple[str, ...]
    weights: tuple[float, ...]
    scene: str
    beta: float | None
    segmentation: str
    sha256: dict[str, str]
    data: str
    numbers: dict[str, Any]

    def record(self) -> dict[str, Any]:
        """As written to ``card.json``."""
        return {"network": NETWORK, **dataclasses.asdict(self), "actions": list(ACTIONS)}


def member_folder(folder: Path, index: int) -> Path:
    """Where member ``index`` lies, if it is ``OWN``. No path is ever read from a card."""
    return folder / "members" / str(index)


def is_fusion(name: str) -> bool:
    """Whether ``name`` is a folder whose card says that it holds a fusion."""
    try:
        record = read_record(Path(name) / CARD)
        return bool(record["network"] == NETWORK)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def read_fusion_card(folder: Path) -> FusionCard:
    """The card in ``folder``. Raises ModelError if it makes no sense."""
    path = folder / CARD
    try:
        record = read_record(path)
        card = FusionCard(**{f.name: record[f.name] for f in dataclasses.fields(FusionCard)})
        texts(card.name, card.scene, card.segmentation, card.data, *card.members)
        weights = tuple(float(value) for value in card.weights)
        card = dataclasses.replace(card, members=tuple(card.members), weights=weights)
        sums = bool(np.isclose(sum(weights), 1, atol=1e-3)) and min(weights) >= 0
        files = all(isinstance(v, str) for pair in card.sha256.items() for v in pair)
        sound = sums and files and card.scene in WAYS and len(weights) == len(card.members)
        sound &= (card.scene != "prior") == (card.beta is None) and 0 <= float(card.beta or 0) < 100
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); {_FIX}") from None
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        raise ModelError(f"{path}: not the card of a fusion; {_FIX}") from None
    unknown = [name for name in card.members if name not in (*BUILT_IN, OWN)]
    if not sound or unknown or record.get("actions") != list(ACTIONS):
        what = f"member {unknown[0]!r}" if unknown else "something in it"
        raise ModelError(f"{path}: {what} is not known here; update hie or fit the fusion anew")
    return card


def member_names(folder: Path, card: FusionCard) -> list[str]:
    """The members as `hie action --model` takes them; those in the folder are checked."""
    names = []
    for index, name in enumerate(card.members):
        if name == OWN:
            inside = member_folder(folder, index)
            _checked(folder, card, str((inside / CARD).relative_to(folder)))
            name = str(inside)
        names.append(name)
    return names


def _checked(folder: Path, card: FusionCard, name: str) -> bytes:
    return checked_bytes(folder / name, card.sha256.get(name, "nothing"), _FIX)


def needs_pixels(folder: Path) -> bool:
    """Whether the scene or a member looks at the video. Raises ModelError."""
    card = read_fusion_card(folder)
    learned = [name for name in member_names(folder, card) if loading.is_learned(name)]
    return card.scene in SCENE_WAYS or any(loading.needs_pixels(name) for name in learned)


class Fusion:
    """The members' weighted mean, corrected where ``correct`` is given.

    ``look`` gives the scene; it is called once, at the first score, for it goes over the video.
    """

    def __init__(
        self,
        members: Sequence[Recogniser],
        weights: Sequence[float],
        correct: "Correction | None" = None,
        look: Callable[[], Survey] | None = None,
    ) -> None:
        self._members = tuple(members)
        self._weights = np.asarray(weights, np.float64)
        self._correct = correct
        self._look = look

    @cached_property
    def _survey(self) -> Survey:
        assert self._look is not None
        return self._look()

    def score(self, window: Window) -> FloatArray:
        """Scores (N, 14) of ``window.people``."""
        parts = np.stack([member.score(window) for member in self._members])
        mean: FloatArray = np.average(parts, axis=0, weights=self._weights)
        if self._correct is None or not len(mean):
            return mean
        scenes: FloatArray = np.zeros((len(mean), 0))
        if self._look is not None:
            scenes = self._survey.vectors(window.people.boxes)
        return self._correct(mean, scenes)


def load_fusion(
    folder: Path,
    video: VideoInfo,
    frames: Iterable[Frame] | None,
    people: Iterable[FramePeople] | None,
    device: str,
    make: Callable[[str], Recogniser],
) -> Fusion:
    """The fusion in ``folder`` for one video.

    ``frames`` and ``people`` are the whole video's and gone over once more, for the scene; ``make``
    gives a member by its name. Raises ModelError for a folder that is damaged, or needs frames
    where there are none; ValueError for people that can be iterated once only.
    """
    card = read_fusion_card(folder)
    members = [make(name) for name in member_names(folder, card)]
    if card.scene == "none":
        return Fusion(members, card.weights)
    correct = load_correction(folder, card)
    if card.scene not in SCENE_WAYS:
        return Fusion(members, card.weights, correct)
    if frames is None or people is None:
        raise ModelError(f"{folder}: looks at the scene; give the video with --video")
    if iter(people) is people:
        raise ValueError("people are gone over twice: give a list or a document, no iterator")
    segmenter = load_segmenter(folder, card, device)
    return Fusion(members, card.weights, correct, lambda: survey(frames, people, video, segmenter))


def load_correction(folder: Path, card: FusionCard) -> "Correction":
    """What the scene does to scores. Raises ModelError for a damaged file."""
    from hie_cli.recognition.scene.correction import Concatenation, Correction, ScenePrior

    size = vector_size(bool(card.segmentation)) if card.scene in SCENE_WAYS else 0
    network = ScenePrior(size) if card.scene == "prior" else Concatenation(size)
    fill(
        network,
        read_state(_checked(folder, card, SCENE_FILE), str(folder / SCENE_FILE)),
        str(folder),
    )
    return Correction(network.eval(), card.beta)


def load_segmenter(folder: Path, card: FusionCard, device: str) -> Segmenter | None:
    """The segmentation network, if the fusion has one. Raises ModelError for a damaged file."""
    if not card.segmentation:
        return None
    _checked(folder, card, SEGMENTATION_FILE)
    return Segmenter.of(card.segmentation, folder / SEGMENTATION_FILE, resolve_device(device))
