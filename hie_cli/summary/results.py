"""A video's summary as a record, and as JSON."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import FloatArray
from hie_cli.formats.files import atomic_write

RECORD, VIDEO, TIMELINE, KEY_FRAMES = "summary.json", "summary.mp4", "timeline.png", "key-frames"


@dataclass(frozen=True)
class ScoredShot:
    """Frames first <= t <= last.

    score: mean of the frames' scores · key_frame: its best sample (the middle where all are equal)
    · why: the reasons at the key frame, strongest first.
    """

    first: int
    last: int
    score: float
    chosen: bool
    key_frame: int
    why: tuple[str, ...] = ()

    @property
    def length(self) -> int:
        """Frames."""
        return self.last - self.first + 1


@dataclass(frozen=True, eq=False)
class VideoSummary:
    """What was chosen of a video of T frames, and why.

    picks, scores (n,): of the sampled frames · parts: by name, (n,) each · files: what was written
    · origin: of which input and settings (``summary.resume``).
    """

    name: str
    method: str
    share: float
    fps: float
    num_frames: int
    picks: NDArray[np.int64]
    scores: FloatArray
    parts: dict[str, FloatArray]
    shots: tuple[ScoredShot, ...]
    files: tuple[Path, ...] = ()
    origin: str = ""

    @property
    def chosen(self) -> tuple[ScoredShot, ...]:
        """The shots of the summary, in order."""
        return tuple(shot for shot in self.shots if shot.chosen)

    @property
    def seconds(self) -> float:
        """Of the summary."""
        return sum(shot.length for shot in self.chosen) / self.fps

    def record(self) -> dict[str, object]:
        """For JSON."""
        return {
            "video": self.name,
            "method": self.method,
            "share": self.share,
            "origin": self.origin,
            "fps": self.fps,
            "frames": self.num_frames,
            "seconds": round(self.seconds, 3),
            "shots": [
                {
                    "frames": [shot.first, shot.last + 1],
                    "start": round(shot.first / self.fps, 3),
                    "end": round((shot.last + 1) / self.fps, 3),
                    "score": round(shot.score, 4),
                    "chosen": shot.chosen,
                    "key_frame": shot.key_frame,
                    "why": list(shot.why),
                }
                for shot in self.shots
            ],
            "samples": {
                "frames": self.picks.tolist(),
                "scores": np.round(self.scores, 4).tolist(),
                "parts": {name: np.round(part, 4).tolist() for name, part in self.parts.items()},
            },
        }


def write_record(path: Path, summary: VideoSummary) -> None:
    """``summary.json``: frames are first <= t < end. ConfigError if it cannot be written."""
    with atomic_write(path) as file:
        file.write(json.dumps(summary.record(), indent=1, allow_nan=False) + "\n")


def files_of(place: Path, key_frames: Iterable[int]) -> tuple[Path, ...]:
    """All files of a summary in ``place``."""
    pictures = [place / KEY_FRAMES / f"{index:06d}.png" for index in key_frames]
    return (place / VIDEO, *pictures, place / TIMELINE, place / RECORD)


def parsed(record: Any, place: Path) -> VideoSummary:
    """The summary that ``write_record`` wrote into ``place``, with figures as rounded as there.

    ValueError, TypeError or KeyError for what it never wrote.
    """
    shots = tuple(
        ScoredShot(
            int(shot["frames"][0]), int(shot["frames"][1]) - 1, float(shot["score"]),
            bool(shot["chosen"]), int(shot["key_frame"]), tuple(str(why) for why in shot["why"]),
        )
        for shot in record["shots"]
    )  # fmt: skip
    samples = record["samples"]
    return VideoSummary(
        str(record["video"]), str(record["method"]), float(record["share"]), float(record["fps"]),
        int(record["frames"]), np.array(samples["frames"], np.int64),
        np.array(samples["scores"], float),
        {str(name): np.array(part, float) for name, part in samples["parts"].items()}, shots,
        files_of(place, sorted(shot.key_frame for shot in shots if shot.chosen)),
        str(record["origin"]),
    )  # fmt: skip
