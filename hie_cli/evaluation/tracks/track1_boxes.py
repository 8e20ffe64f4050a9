"""Track 1 as a ``Metric``: tracks of boxes."""

from collections.abc import Sequence

from hie_cli.core.annotations import Annotations
from hie_cli.core.types import People
from hie_cli.evaluation.metrics import box_tracking
from hie_cli.evaluation.metrics.accumulators import pooled
from hie_cli.evaluation.metrics.box_tracking import TrackSums
from hie_cli.evaluation.metrics.hota import ALPHAS, HotaSums
from hie_cli.evaluation.tracks.metric import Figures, Loaded, Metric


class BoxTrackMetric(Metric[TrackSums]):
    """CLEAR, Identity and HOTA."""

    key = "1"
    title = "Track 1: tracks of boxes"
    headline = ("MOTA", "IDF1", "HOTA", "DetA", "AssA", "MOTP", "w_MOTA")
    needs = "track ids"
    scores_boxes = True

    def in_truth(self, truth: Annotations) -> bool:
        """Any identity."""
        return bool((truth.track_ids >= 0).any())

    def in_results(self, people: People) -> bool:
        """Any identity."""
        return people.track_ids is not None

    def collect(self, sequence: Loaded) -> TrackSums:
        """Counts of one sequence."""
        config = self.config
        return box_tracking.accumulate(
            sequence.truth,
            sequence.people,
            config.ignore,
            config.box.iou,
            config.box.ignored_frames,
        )

    def figures(self, parts: Sequence[TrackSums]) -> Figures:
        """Ratios of the summed counts."""
        sums = pooled(parts)
        clear, identity, box = sums.clear, sums.identity, self.config.box
        return Figures(
            {
                "MOTA": clear.mota,
                "MOTP": clear.motp,
                "w_MOTA": clear.w_mota(box.gamma, box.switches),
                "IDF1": identity.idf1,
                "IDP": identity.idp,
                "IDR": identity.idr,
                "precision": clear.precision,
                "recall": clear.recall,
                **hota_figures(sums.hota),
            },
            {
                "frames": clear.frames,
                "GT": clear.tp + clear.fn,
                "TP": clear.tp,
                "FP": clear.fp,
                "FN": clear.fn,
                "IDSW": clear.idsw,
                "IDSW_DT": clear.idsw_dt_track if box.switches == "track" else clear.idsw_dt_gap,
                "Frag": clear.frag,
                "MT": clear.mt,
                "PT": clear.pt,
                "ML": clear.ml,
                "IDTP": identity.idtp,
                "IDFP": identity.idfp,
                "IDFN": identity.idfn,
            },
            hota_series(sums.hota),
            {
                "w_MOTA": "1 - (FP + FN + IDSW + (gamma-1)*IDSW_DT) / GT, "
                f"gamma = {box.gamma:g}, IDSW_DT by {box.switches}, "
                f"flag-0 boxes {box.ignored_frames}"
            },
        )


def hota_figures(sums: HotaSums) -> dict[str, float]:
    """HOTA and its parts, each the mean over the thresholds."""
    return {
        "HOTA": float(sums.hota.mean()),
        "DetA": float(sums.det_a.mean()),
        "AssA": float(sums.ass_a.mean()),
        "LocA": float(sums.loc_a.mean()),
        "DetRe": float(sums.det_re.mean()),
        "DetPr": float(sums.det_pr.mean()),
        "AssRe": float(sums.ass_re.mean()),
        "AssPr": float(sums.ass_pr.mean()),
    }


def hota_series(sums: HotaSums) -> dict[str, list[float]]:
    """HOTA and its parts at each threshold."""
    return {
        "alpha": [float(a) for a in ALPHAS],
        "HOTA": sums.hota.tolist(),
        "DetA": sums.det_a.tolist(),
        "AssA": sums.ass_a.tolist(),
        "LocA": sums.loc_a.tolist(),
    }
