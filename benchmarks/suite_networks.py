"""The suite's networks: what they said once about a picture is kept in one file.

A key is made of the weights, the decoder, the picture and what is asked of it, so that nothing has
to be thrown away when the stages change. Networks run in fp32 unless int8 is asked for.
"""

import hashlib
import io
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hie_cli.core.types import People
from hie_cli.models import registry
from hie_cli.models.runtime import Precision


class Kept:
    """Arrays by key in an SQLite file; an interrupted run keeps what it had."""

    def __init__(self, path: Path) -> None:
        self.file = sqlite3.connect(path)
        self.file.execute("create table if not exists said (key text primary key, arrays blob)")

    def get(self, key: str) -> dict[str, Any] | None:
        """The arrays of ``key``, or None."""
        row = self.file.execute("select arrays from said where key = ?", (key,)).fetchone()
        if row is None:
            return None
        with np.load(io.BytesIO(row[0])) as stored:
            return dict(stored)

    def put(self, key: str, arrays: dict[str, Any]) -> None:
        """Keep ``arrays``."""
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **arrays)
        self.file.execute("insert or replace into said values (?, ?)", (key, buffer.getvalue()))
        self.file.commit()


def fingerprint(image: Any) -> str:
    """Of a picture's pixels."""
    return hashlib.blake2b(image.tobytes(), digest_size=12).hexdigest() + str(image.shape)


class _Keyed:
    """What detectors and estimators share: the model's own part of every key."""

    def __init__(self, model: Any, kept: Kept) -> None:
        self.model, self.kept = model, kept
        self.name, self.sha256, self.spec = model.name, model.sha256, model.spec
        self.own = f"{model.sha256} {model.spec.decoder!r} "


class KeptDetector(_Keyed):
    """A detector that looks at a picture once (``models.base.Detector``)."""

    def detect(self, images: Sequence[Any], long_side: int | None = None) -> list[People]:
        """As the model does."""
        found = []
        for image in images:
            key = f"{self.own} {long_side} {fingerprint(image)}"
            said = self.kept.get(key)
            if said is None:
                (people,) = self.model.detect([image], long_side)
                said = {"boxes": people.boxes, "scores": people.scores}
                if people.keypoints is not None:
                    said |= {"points": people.keypoints, "joints": people.keypoint_scores}
                self.kept.put(key, said)
            poses = (said["points"], said["joints"]) if "points" in said else (None, None)
            found.append(People(said["boxes"], said["scores"], None, *poses))
        return found


class KeptEstimator(_Keyed):
    """A pose network that looks at a crop once (``models.base.PoseEstimator``)."""

    def estimate(
        self, images: Sequence[Any], boxes: Sequence[Any], *, flip: bool = False
    ) -> list[tuple[Any, Any]]:
        """As the model does."""
        found = []
        for image, wanted in zip(images, boxes, strict=True):
            asked = np.asarray(wanted, np.float32).tobytes()
            key = hashlib.blake2b(asked, digest_size=12).hexdigest()
            key = f"{self.own} {flip} {key} {fingerprint(image)}"
            said = self.kept.get(key)
            if said is None:
                ((points, joints),) = self.model.estimate([image], [wanted], flip=flip)
                said = {"points": points, "joints": joints}
                self.kept.put(key, said)
            found.append((said["points"], said["joints"]))
        return found


class Networks:
    """The suite's loaded networks; a network is opened when it is first asked for."""

    def __init__(self, cache: Path) -> None:
        self.kept = Kept(cache / "networks.sqlite")
        self.loaded: dict[Any, Any] = {}

    def detector(self, name: str, precision: Precision = "fp32") -> KeptDetector:
        """The detector ``name``."""
        if (name, precision) not in self.loaded:
            self.loaded[name, precision] = KeptDetector(
                registry.load_detector(name, "cpu", precision=precision), self.kept
            )
        kept: KeptDetector = self.loaded[name, precision]
        return kept

    def estimator(self, name: str) -> KeptEstimator:
        """The pose network ``name``."""
        if name not in self.loaded:
            self.loaded[name] = KeptEstimator(
                registry.load_estimator(name, "cpu", precision="fp32"), self.kept
            )
        kept: KeptEstimator = self.loaded[name]
        return kept
