"""What the tracking benchmarks share: other trackers run on our detections, and the judge.

The others are Roboflow ``trackers`` (Apache-2.0), used as installed, never copied. The judge is
TrackEval (IoU .5 for CLEAR and identity, .05 to .95 for HOTA).
"""

import contextlib
import io
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hie_cli.core.annotations import TruthSequence
from hie_cli.core.geometry import iou
from hie_cli.core.types import FloatArray, FramePeople, IntArray, VideoInfo

PEERS = {
    "SORT": "SORTTracker",
    "ByteTrack": "ByteTrackTracker",
    "OC-SORT": "OCSORTTracker",
    "BoT-SORT": "BoTSORTTracker",
    "C-BIoU": "CBIoUTracker",
}
Tracks = dict[int, tuple[IntArray, FloatArray]]  # frame -> ids (N,), boxes (N, 4)
COLUMNS = ("HOTA", "DetA", "AssA", "MOTA", "IDF1", "IDSW", "FP", "FN", "ids")


def counted(truth: TruthSequence) -> Tracks:
    """The ground truth that counts: rows marked to be ignored are dropped."""
    return {
        t: (frame.track_ids[~frame.ignore], frame.boxes[~frame.ignore])
        for t, frame in enumerate(truth.frames)
    }


def as_tracks(people: Sequence[FramePeople]) -> Tracks:
    """Tracked people in the judge's form."""
    return {
        item.index: (np.zeros(0, np.int64), item.people.boxes)
        if item.people.track_ids is None
        else (item.people.track_ids, item.people.boxes)
        for item in people
    }


def judge(truth: Tracks, found: Tracks, hota: bool = True) -> dict[str, float]:
    """TrackEval's figures of ``found`` on the frames of ``truth``; HOTA, the slow one, if asked."""
    from trackeval.metrics import CLEAR, HOTA, Identity

    true_row = {k: i for i, k in enumerate(sorted({int(k) for v in truth.values() for k in v[0]}))}
    row = {k: i for i, k in enumerate(sorted({int(k) for v in found.values() for k in v[0]}))}
    nobody = (np.zeros(0, np.int64), np.zeros((0, 4)))
    data: dict[str, Any] = {"gt_ids": [], "tracker_ids": [], "similarity_scores": []}
    for t in sorted(truth):
        ids, boxes = found.get(t, nobody)
        data["gt_ids"].append(np.array([true_row[int(k)] for k in truth[t][0]], int))
        data["tracker_ids"].append(np.array([row[int(k)] for k in ids], int))
        data["similarity_scores"].append(iou(truth[t][1], boxes))
    data["num_timesteps"] = len(truth)
    for side, rows in (("gt", true_row), ("tracker", row)):
        data[f"num_{side}_dets"] = sum(len(ids) for ids in data[f"{side}_ids"])
        data[f"num_{side}_ids"] = len(rows)
    with contextlib.redirect_stdout(io.StringIO()):
        clear = CLEAR({"PRINT_CONFIG": False}).eval_sequence(data)
        identity = Identity({"PRINT_CONFIG": False}).eval_sequence(data)
        curves = HOTA().eval_sequence(data) if hota else {}
    return {
        **{k: float(curves[k].mean()) for k in ("HOTA", "DetA", "AssA") if k in curves},
        "MOTA": float(clear["MOTA"]),
        "IDF1": float(identity["IDF1"]),
        "IDSW": int(clear["IDSW"]),
        "FP": int(clear["CLR_FP"]),
        "FN": int(clear["CLR_FN"]),
        "ids": len(row),
    }


def run_peer(
    name: str,
    detections: Sequence[FramePeople],
    video: VideoInfo,
    settings: Mapping[str, Any] | None = None,
    images: Sequence[Any] | None = None,
) -> Tracks:
    """Tracks of another tracker; ``images`` (BGR) are for those that estimate camera motion."""
    import supervision
    import trackers

    options = dict(settings or {})
    if name == "BoT-SORT":
        options.setdefault("enable_cmc", images is not None)
    tracker = getattr(trackers, PEERS[name])(frame_rate=video.fps, **options)
    tracks: Tracks = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for t, item in enumerate(detections):
            people = item.people
            found = supervision.Detections(
                xyxy=people.boxes.astype(np.float64),
                confidence=people.scores.astype(np.float64),
                class_id=np.zeros(len(people), int),
            )
            picture = {} if images is None or name != "BoT-SORT" else {"frame": images[t]}
            out = tracker.update(found, **picture)
            ids = np.zeros(0, int) if out.tracker_id is None else np.asarray(out.tracker_id, int)
            tracks[item.index] = (ids[ids >= 0], out.xyxy[ids >= 0])
    return tracks


def sample_settings(name: str, rng: np.random.Generator) -> dict[str, Any]:
    """One random setting within the range the tracker documents for its tuning."""
    import trackers

    drawn: dict[str, Any] = {}
    for key, spec in getattr(trackers, PEERS[name]).search_space.items():
        low, high = spec["range"]
        if key == "cmc_downscale":
            continue
        drawn[key] = (
            int(rng.integers(low, high)) if spec["type"] == "randint" else rng.uniform(low, high)
        )
    return drawn


def print_table(rows: Mapping[str, Mapping[str, float]], columns: Sequence[str] = COLUMNS) -> None:
    """Figures, one named row after another."""
    width = max(len(name) for name in rows)
    print(" " * width, *(f"{c:>7}" for c in columns))
    for name, row in rows.items():
        cells = (row.get(c, float("nan")) for c in columns)
        text = (f"{v:7.3f}" if isinstance(v, float) else f"{v:7d}" for v in cells)
        print(f"{name:<{width}}", *text)
