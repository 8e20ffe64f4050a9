"""The suite's action part: what people do, on CAVIAR's clips and simulated crowds.

CAVIAR: true boxes as tracks, alone and with poses estimated in them. ``units`` is the share of
labelled tracks whose mean scores favour the right group (docs/actions.md), ``rows`` that of
labelled people and frames. Crowds: simulated people seen with noise, 14 classes; there
``units`` is the mean over classes. The recogniser was fitted on CAVIAR's clips and on other crowds:
what a clip left out of the fit may expect is printed by ``tools/fit_kinematic.py``.
"""

import hashlib
from collections import defaultdict
from pathlib import Path

import caviar
import caviar_clips
import numpy as np
from simulated_actions import run_scene
from suite import Case, code_version

from hie_cli.core import config
from hie_cli.recognition.stage import ActionConfig
from hie_cli.training.action.scores import quality
from hie_cli.training.action.simulated import SIZE

FIGURES = ("units", "rows")
OURS = "kinematic"
ROOT = Path(__file__).parent.parent / "hie_cli"
EVERY = 5  # frames between those that are scored


def methods(peers: bool) -> list[str]:
    """The default recogniser; it is the same in every preset."""
    del peers
    return [OURS]


def version(method: str) -> str:
    """What the figures depend on beside the input: code, fitted numbers, settings."""
    fitted = (ROOT / "weights" / "kinematic.json").read_bytes()
    return code_version(ROOT / "recognition") + hashlib.sha256(fitted).hexdigest()[:8]


def cases(data: Path, store: Path, fast: bool) -> list[Case]:
    """CAVIAR's clips if they are there, and crowds."""
    folder = data / "caviar"
    made: list[Case] = []
    if (folder / "truth.csv").is_file():
        rows = caviar_clips.read_rows(folder)
        clips = sorted({row.video for row in rows})
        for kind in ("none", "multipose") if not fast else ("none",):
            made += [_lobby(folder, store, rows, clip, kind) for clip in clips]
    return made + [_crowd(number) for number in range(3 if fast else 20)]


def _lobby(folder: Path, store: Path, rows: list[caviar_clips.Row], clip: str, kind: str) -> Case:
    def measure(method: str) -> dict[str, float]:
        _, _, text = method.partition(":")
        settings = config.load(
            ActionConfig(every=EVERY), (), [part for part in text.split(",") if part]
        )
        own = [row for row in rows if row.video == clip]
        cache = store / f"poses-{Path(clip).stem}"
        cache.mkdir(parents=True, exist_ok=True)
        pose = caviar_clips.poses(folder, own, kind, cache)
        scores = caviar.score_rows(own, pose, settings)
        found = caviar.units(own, scores)
        right: dict[str, list[bool]] = defaultdict(list)
        for unit in found:
            if unit.group in caviar.GROUPS:
                right[unit.group].append(caviar.group_of(unit.by_mean) == unit.group)
        by_row = caviar.row_accuracy(own, scores)
        counted = [(v["rows"], v["right"]) for k, v in by_row.items() if k in caviar.GROUPS]
        total = sum(count for count, _ in counted)
        figures = {
            "units": float(np.mean([a for one in right.values() for a in one]))
            if right
            else np.nan,
            "rows": sum(n * share for n, share in counted) / total if total else np.nan,
        }
        for group, answers in right.items():
            figures[f"{group} units"] = len(answers)
            figures[f"{group} right"] = sum(answers)
        return figures

    with_poses = "" if kind == "none" else " with poses"
    name = f"CAVIAR {Path(clip).stem}{with_poses}"
    return Case(name, f"CAVIAR {clip.split('_')[0]}", f"{clip} {kind}", measure)


def _crowd(number: int) -> Case:
    def measure(method: str) -> dict[str, float]:
        del method
        pairs = run_scene(number, "test", ["kinematic"], SIZE)
        found = quality([s for s, _ in pairs], [scores[0] for _, scores in pairs])
        return {"units": found.macro, "rows": found.accuracy}

    return Case(f"crowd {number}", f"crowd {number}", f"{number}", measure)
