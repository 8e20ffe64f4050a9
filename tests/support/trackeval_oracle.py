"""TrackEval 1.3 on sequences in memory: its preprocessing of MOTChallenge and its metrics."""

import numpy as np
import pytest

from hie_cli.core.annotations import TruthSequence
from hie_cli.core.types import FramePeople
from hie_cli.evaluation.metrics.box_tracking import TrackSums

trackeval = pytest.importorskip("trackeval")

COUNTS = {
    "CLR_TP": lambda s: s.clear.tp,
    "CLR_FN": lambda s: s.clear.fn,
    "CLR_FP": lambda s: s.clear.fp,
    "IDSW": lambda s: s.clear.idsw,
    "Frag": lambda s: s.clear.frag,
    "MT": lambda s: s.clear.mt,
    "PT": lambda s: s.clear.pt,
    "ML": lambda s: s.clear.ml,
    "IDTP": lambda s: s.identity.idtp,
    "IDFP": lambda s: s.identity.idfp,
    "IDFN": lambda s: s.identity.idfn,
    "HOTA_TP": lambda s: s.hota.tp,
    "HOTA_FN": lambda s: s.hota.fn,
    "HOTA_FP": lambda s: s.hota.fp,
}
RATIOS = {
    "MOTA": lambda s: s.clear.mota,
    "MOTP": lambda s: s.clear.motp,
    "CLR_Re": lambda s: s.clear.recall,
    "CLR_Pr": lambda s: s.clear.precision,
    "IDF1": lambda s: s.identity.idf1,
    "IDP": lambda s: s.identity.idp,
    "IDR": lambda s: s.identity.idr,
    "HOTA": lambda s: s.hota.hota,
    "DetA": lambda s: s.hota.det_a,
    "AssA": lambda s: s.hota.ass_a,
    "LocA": lambda s: s.hota.loc_a,
    "DetRe": lambda s: s.hota.det_re,
    "DetPr": lambda s: s.hota.det_pr,
    "AssRe": lambda s: s.hota.ass_re,
    "AssPr": lambda s: s.hota.ass_pr,
}
METRICS = (
    trackeval.metrics.CLEAR({"PRINT_CONFIG": False}),
    trackeval.metrics.Identity({"PRINT_CONFIG": False}),
    trackeval.metrics.HOTA(),
)


def evaluate(truth: TruthSequence, found: list[FramePeople], benchmark: str = "MOT15") -> list:
    """TrackEval's figures, one dictionary per metric; ignored boxes are distractors (MOT17)."""
    dataset = trackeval.datasets.MotChallenge2DBox.__new__(trackeval.datasets.MotChallenge2DBox)
    dataset.benchmark, dataset.do_preproc = benchmark, True
    dataset.valid_class_numbers = list(range(1, 14))
    dataset.class_name_to_class_id = {
        "pedestrian": 1,
        "person_on_vehicle": 2,
        "static_person": 7,
        "distractor": 8,
        "reflection": 12,
    }
    frames = [
        (a, entry.people) for a, entry in zip(truth.frames, found, strict=True) if a.annotated
    ]

    def xywh(boxes):
        exact = np.round(boxes.astype(np.float64), 3)
        return np.concatenate([exact[:, :2], np.round(exact[:, 2:] - exact[:, :2], 3)], axis=1)

    def classes(a):
        return np.where(a.ignore, 8, 1) if benchmark == "MOT17" else np.ones(len(a), int)

    raw = {
        "seq": truth.name,
        "num_timesteps": len(frames),
        "gt_ids": [a.track_ids for a, _ in frames],
        "gt_dets": [xywh(a.boxes) for a, _ in frames],
        "gt_classes": [classes(a) for a, _ in frames],
        "gt_extras": [{"zero_marked": (~a.ignore).astype(int)} for a, _ in frames],
        "tracker_ids": [p.track_ids for _, p in frames],
        "tracker_dets": [xywh(p.boxes) for _, p in frames],
        "tracker_classes": [np.ones(len(p), int) for _, p in frames],
        "tracker_confidences": [p.scores for _, p in frames],
    }
    raw["similarity_scores"] = [
        dataset._calculate_similarities(a, b)
        for a, b in zip(raw["gt_dets"], raw["tracker_dets"], strict=True)
    ]
    data = dataset.get_preprocessed_seq_data(raw, "pedestrian")
    return [metric.eval_sequence(data) for metric in METRICS]


def combined(results: list[list]) -> list:
    """TrackEval's pooled figures of several sequences."""
    return [
        metric.combine_sequences({str(k): r[m] for k, r in enumerate(results)})
        for m, metric in enumerate(METRICS)
    ]


def assert_equal(sums: TrackSums, theirs: list) -> None:
    """Counts exactly, ratios to 1e-9."""
    figures = {key: value for result in theirs for key, value in result.items()}
    for name, ours in COUNTS.items():
        np.testing.assert_array_equal(ours(sums), figures[name], err_msg=name)
    for name, ours in RATIOS.items():
        np.testing.assert_allclose(ours(sums), figures[name], rtol=0, atol=1e-9, err_msg=name)
