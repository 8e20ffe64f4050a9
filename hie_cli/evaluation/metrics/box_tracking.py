"""Track 1 in one call: CLEAR, Identity and HOTA of a sequence from one pass over its boxes."""

from collections.abc import Sequence
from dataclasses import dataclass

from hie_cli.core.annotations import TruthSequence
from hie_cli.core.types import FramePeople
from hie_cli.evaluation.matching import Ignore
from hie_cli.evaluation.metrics import clear, hota, identity
from hie_cli.evaluation.metrics.accumulators import Sums
from hie_cli.evaluation.sequence_pairs import Pairs, box_pairs


@dataclass(frozen=True)
class TrackSums(Sums):
    """Sums of all Track 1 metrics over one or more sequences."""

    clear: clear.ClearSums
    identity: identity.IdentitySums
    hota: hota.HotaSums


def accumulate(
    truth: TruthSequence,
    people: Sequence[FramePeople],
    ignore: Ignore = "drop",
    threshold: float = 0.5,
    ignored: clear.IgnoredReading = "missing",
) -> TrackSums:
    """Sums of one sequence; boxes match from an IoU of ``threshold`` (HOTA has its own 19).
    ``ignored`` as in :func:`clear.accumulate`.

    Raises InputError where predictions lack track ids, repeat one in a frame, or name a frame that
    the truth does not have.
    """
    return of_pairs(box_pairs(truth, people, ignore), threshold, ignored)


def of_pairs(
    pairs: Pairs, threshold: float = 0.5, ignored: clear.IgnoredReading = "missing"
) -> TrackSums:
    """The same for pairs of any similarity."""
    return TrackSums(
        clear.accumulate(pairs, threshold, ignored),
        identity.accumulate(pairs, threshold),
        hota.accumulate(pairs),
    )
