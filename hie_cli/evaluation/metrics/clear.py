"""CLEAR MOT: MOTA, MOTP, switches, fragments, mostly tracked and lost tracks, and HiEve's w_MOTA.

Bernardin and Stiefelhagen 2008, with the matching and the counts of TrackEval 1.3; w_MOTA is
equation (1) of arXiv 2005.04490.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from hie_cli.evaluation.assignment import choices
from hie_cli.evaluation.matching import EPS
from hie_cli.evaluation.metrics.accumulators import Sums, ratio
from hie_cli.evaluation.sequence_pairs import Pairs

# Worth more than any sum of similarities: keep last frame's match before anything else.
_CONTINUE = 1000

SwitchReading = Literal["track", "gap"]
# Whether a true track is missing in a frame in which its box is ignored (flag 0), or there.
IgnoredReading = Literal["missing", "there"]


@dataclass(frozen=True)
class ClearSums(Sums):
    """Counts of one or more sequences.

    tp, fn, fp: boxes; idsw: id switches; frag: interruptions; mt, pt, ml: true tracks followed in
    more than 80 %, 20-80 %, less than 20 % of their boxes; similarity: sum over matches.
    idsw_dt_track: switches of tracks with a missing box somewhere between first and last;
    idsw_dt_gap: only those switches with a missing box between the two matches that differ.
    """

    frames: int
    tp: int
    fn: int
    fp: int
    idsw: int
    idsw_dt_track: int
    idsw_dt_gap: int
    frag: int
    mt: int
    pt: int
    ml: int
    similarity: float

    @property
    def mota(self) -> float:
        """1 - (FN + FP + IDSW) / truth; 0 without truth."""
        return self.w_mota(gamma=1.0)

    @property
    def motp(self) -> float:
        """Mean similarity of the matches."""
        return float(ratio(self.similarity, self.tp))

    @property
    def recall(self) -> float:
        """TP / truth."""
        return float(ratio(self.tp, self.tp + self.fn))

    @property
    def precision(self) -> float:
        """TP / predictions."""
        return float(ratio(self.tp, self.tp + self.fp))

    def w_mota(self, gamma: float = 2.0, reading: SwitchReading = "track") -> float:
        """1 - (FP + FN + IDSW + (gamma - 1) IDSW_dt) / truth; 0 without truth.

        Neither gamma nor the counting of IDSW_dt is published: ``reading`` chooses which switches
        count as those of a disconnected track, all of its own or only those across a gap.
        """
        truth = self.tp + self.fn
        extra = self.idsw_dt_track if reading == "track" else self.idsw_dt_gap
        cost = self.fp + self.fn + self.idsw + (gamma - 1) * extra
        return 1 - cost / truth if truth else 0.0


def accumulate(
    pairs: Pairs, threshold: float = 0.5, ignored: IgnoredReading = "missing"
) -> ClearSums:
    """Counts of one sequence; a match needs a similarity of at least ``threshold``.

    ``ignored``: whether frames of ignored boxes disconnect their track, for idsw_dt alone.
    """
    matched = _match(pairs.only(pairs.similarity >= threshold - EPS))
    partner = np.full(len(pairs.truth_ids), -1)
    partner[matched.truth] = pairs.predicted_ids[matched.predicted]
    seen = np.bincount(pairs.truth_ids, minlength=pairs.num_truth_ids)
    found = np.bincount(pairs.truth_ids[matched.truth], minlength=pairs.num_truth_ids)
    mt = int((found / seen > 0.8).sum())
    pt = int((found / seen >= 0.2).sum()) - mt

    boxes = pairs.tracks()
    frame = pairs.truth_frame()
    # Frames its track has been missing before each box, up to a constant of the track.
    missing = np.empty_like(frame)
    missing[boxes] = frame[boxes] - np.arange(len(boxes))
    if ignored == "there":
        missing -= pairs.ignored_before
    last = np.cumsum(seen) - 1
    disconnected = missing[boxes[last]] - missing[boxes[last - seen + 1]] > 0
    boxes = boxes[partner[boxes] >= 0]
    same = pairs.truth_ids[boxes[:-1]] == pairs.truth_ids[boxes[1:]]
    a, b = boxes[:-1][same], boxes[1:][same]  # successive matches of one true track
    switched = partner[a] != partner[b]
    steps = np.cumsum(pairs.both_sides())
    return ClearSums(
        frames=pairs.num_frames,
        tp=len(boxes),
        fn=len(pairs.truth_ids) - len(boxes),
        fp=len(pairs.predicted_ids) - len(boxes),
        idsw=int(switched.sum()),
        idsw_dt_track=int((switched & disconnected[pairs.truth_ids[a]]).sum()),
        idsw_dt_gap=int((switched & (missing[a] != missing[b])).sum()),
        frag=int((steps[frame[b]] - steps[frame[a]] > 1).sum()),
        mt=mt,
        pt=pt,
        ml=pairs.num_truth_ids - mt - pt,
        similarity=float(matched.similarity.sum()),
    )


def _match(pairs: Pairs) -> Pairs:
    """The pairs that are matched.

    Frame by frame the assignment that first keeps the most matches of the frame before and then
    has the largest total similarity. A frame with nobody on one side is no frame before.
    """
    matched = np.ones(len(pairs.truth), np.bool_)
    both = np.flatnonzero(pairs.both_sides())
    partner = np.full(pairs.num_truth_ids, -1, np.int64)
    for choice in choices(pairs):
        step = np.searchsorted(both, choice.frame)
        before = pairs.pairs_of(both[step - 1]) if step else slice(0)
        kept = matched[before]
        last = pairs.truth_ids[pairs.truth[before][kept]]
        partner[last] = pairs.predicted_ids[pairs.predicted[before][kept]]
        ids = pairs.predicted_ids[pairs.predicted[choice.pairs]]
        continues = partner[pairs.truth_ids[pairs.truth[choice.pairs]]] == ids
        # All of last frame's matches can go on together. Often that settles the rest.
        settled = choice.settled_by(continues)
        if settled is None:
            settled = choice.best(pairs.similarity[choice.pairs] + _CONTINUE * continues)
        matched[choice.pairs] = settled
        partner[last] = -1
    return pairs.only(matched)
