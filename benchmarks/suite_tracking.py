"""The suite's tracking part: identities on every development sequence (``suite_sequences.py``).

Each also disturbed (``suite_changes.py``): half the frame rate, other score scales, jitter and
misses; and with the true boxes as detections, as they are and with jitter and misses. Figures are
hie's own, which equal TrackEval's.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from peers import PEERS, run_peer
from suite import Case, code_version
from suite_changes import Clip, rescaled, shaken, slower, true_boxes
from suite_sequences import ROOT, Load, sequences

from hie_cli.core import config
from hie_cli.core.types import FramePeople, People
from hie_cli.evaluation.metrics import box_tracking
from hie_cli.tracking.stage import Observation, TrackConfig, track

FIGURES = ("HOTA", "IDF1", "MOTA")
OURS = "hie"


def methods(peers: bool) -> list[str]:
    """Ours offline and online, and the others."""
    return [OURS, f"{OURS} online", *(PEERS if peers else ())]


def version(method: str) -> str:
    """What a method's figures depend on beside the input."""
    if method in PEERS:
        import importlib.metadata

        return importlib.metadata.version("trackers")
    return code_version(ROOT / "hie_cli" / "tracking")


def cases(data: Path, cache: Path, fast: bool) -> list[Case]:
    """All cases whose data are there; ``fast`` leaves out most disturbed versions."""
    made: list[Case] = []
    for name, load in sequences(data, cache):
        loaded = _once(load)
        versions: dict[str, Callable[[Clip], Clip]] = {"": lambda s: s}
        if name.startswith("CAVIAR"):
            versions |= {" /2": slower, " shaken": shaken}  # its detections are the true boxes
        elif name != "PETS fast":
            versions |= {" /2": slower, " scores": rescaled, " shaken": shaken, " true": true_boxes}
            versions[" true shaken"] = lambda whole: shaken(true_boxes(whole))
        if fast:
            versions = {k: v for k, v in versions.items() if k in ("", " true")}
        for suffix, change in versions.items():
            made.append(_case(name + suffix, name.split(" ")[0], loaded, change))
    return made


def _once(load: Load) -> Load:
    kept: list[Clip] = []

    def loaded() -> Clip:
        if not kept:
            kept.append(load())
        return kept[0]

    return loaded


def _case(name: str, group: str, load: Load, change: Callable[[Clip], Clip]) -> Case:
    ready = _once(lambda: change(load()))

    def key() -> str:
        digest = hashlib.sha256()
        for item in ready().seen:
            digest.update(item.people.boxes.tobytes() + item.people.scores.tobytes())
            for extra in (item.appearance, item.camera, item.people.keypoints):
                digest.update(b"" if extra is None else np.round(extra, 3).tobytes())
        return digest.hexdigest()[:16]

    def measure(method: str) -> dict[str, float]:
        return figures(ready(), method)

    return Case(name, group, key, measure)


def figures(sequence: Clip, method: str) -> dict[str, float]:
    """HOTA, IDF1, MOTA and counts of a method on a sequence."""
    if method in PEERS:
        people = [FramePeople(s.index, s.people) for s in sequence.seen]
        tracks = run_peer(method, people, sequence.video)
        found = [
            FramePeople(t, People(boxes, np.ones(len(ids)), ids))
            for t, (ids, boxes) in sorted(tracks.items())
        ]
    else:
        settings = settings_of(method)
        found = list(track(_shown(sequence.seen, settings), sequence.video, settings))
    sums = box_tracking.accumulate(sequence.truth, found)
    return {
        "HOTA": float(sums.hota.hota.mean()),
        "IDF1": float(sums.identity.idf1),
        "MOTA": float(sums.clear.mota),
        "FP": float(sums.clear.fp),
        "FN": float(sums.clear.fn),
        "IDSW": float(sums.clear.idsw),
    }


def _shown(seen: Sequence[Observation], settings: TrackConfig) -> list[Observation]:
    """What the settings ``appearance`` and ``camera`` leave of observations."""
    dropped: dict[str, Any] = {}
    if not settings.appearance:
        dropped["appearance"] = None
    if not settings.camera:
        dropped["camera"] = None
    return [replace(item, **dropped) for item in seen]


def settings_of(method: str) -> TrackConfig:
    """The settings of ``hie``, ``hie online`` or ``hie:key=value,...`` (``online`` is a key)."""
    _, _, text = method.partition(":")
    sets = [part for part in text.split(",") if part]
    settings = config.load(TrackConfig(), sets=sets)
    return replace(settings, online=True) if " online" in method else settings
