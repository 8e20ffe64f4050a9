"""The networks of a chain: known before any work is done, loaded when first needed."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from hie_cli.core.progress import tell
from hie_cli.core.progress_events import Doing
from hie_cli.detection.score_reference import guessed
from hie_cli.models.base import AppearanceModel, Detector, Model, PoseEstimator
from hie_cli.models.runtime import Precision
from hie_cli.pipeline.settings import ChainConfig
from hie_cli.posing import refine
from hie_cli.recognition import stage as recognition


@lru_cache(maxsize=8)
def _detector(name: str, device: str, precision: Precision) -> Detector:
    from hie_cli.models import registry

    tell(Doing(f"loading {name}"))
    return registry.load_detector(name, device, precision=precision)


@lru_cache(maxsize=4)
def _estimator(name: str, device: str, precision: Precision) -> PoseEstimator:
    from hie_cli.models import registry

    tell(Doing(f"loading {name}"))
    return registry.load_estimator(name, device, precision=precision)


@lru_cache(maxsize=4)
def _appearance(name: str, device: str) -> AppearanceModel:
    from hie_cli.models import registry

    tell(Doing(f"loading {name}"))
    return registry.load_appearance(name, device)


class Models:
    """The networks that a configuration names, loaded when first needed.

    They stay loaded while the process lives, shared by videos, calls and configurations.
    """

    def __init__(self, config: ChainConfig, device: str) -> None:
        self._config = config
        self.device = device

    @property
    def detectors(self) -> list[Detector]:
        """The loaded detectors of ``config.detect.models``, in that order."""
        precision = self._config.precision
        return [_detector(name, self.device, precision) for name in self._config.detect.models]

    @property
    def references(self) -> list[Detector]:
        """The loaded detectors of ``config.detect.references``; none where no detector is one whose
        scores are a guess.
        """
        if not any(map(guessed, self.detectors)):
            return []
        precision = self._config.precision
        return [_detector(name, self.device, precision) for name in self._config.detect.references]

    @property
    def pose(self) -> PoseEstimator | None:
        """The loaded pose network of ``config.pose.model``; None if the pose mode runs none."""
        if self._config.pose.mode == "one-pass":
            return None
        return _estimator(self._config.pose.model, self.device, self._config.precision)

    @property
    def appearance(self) -> AppearanceModel | None:
        """The loaded network of ``config.track.appearance_model``; None if none is used."""
        track = self._config.track
        if not track.appearance_model or not track.appearance:
            return None
        return _appearance(track.appearance_model, self.device)


def check_models(config: ChainConfig, stages: Sequence[str], device: str) -> None:
    """Know the device and every model that ``stages`` will ask for.

    Raises ModelError before anything is loaded.
    """
    from hie_cli.models import registry
    from hie_cli.models.runtime import resolve_device, wants_int8

    resolve_device(device)
    wants_int8(config.precision, device)
    if "detect" in stages:
        for name in (*config.detect.models, *config.detect.references):
            registry.find(name)
    if "pose" in stages:
        if config.pose.mode != "one-pass":
            registry.find(config.pose.model)
        refine.check_models(config.refine, device)
    if "track" in stages and config.track.appearance_model:
        registry.find(config.track.appearance_model)
    if "action" in stages:
        recognition.check_models(config.action)


def used(
    models: Iterable[Model],
) -> tuple[dict[str, str], ...]:
    """Names and checksums of networks as a document's header keeps them."""
    return tuple({"name": model.name, "sha256": model.sha256} for model in models)
