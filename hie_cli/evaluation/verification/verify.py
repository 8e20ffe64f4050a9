"""Our figures beside those of the reference evaluators that are installed."""

from collections.abc import Iterator, Mapping
from importlib.util import find_spec

from hie_cli.core.annotations import TruthSequence
from hie_cli.core.progress import progress
from hie_cli.core.types import FramePeople
from hie_cli.evaluation.sequence_scores import loaded
from hie_cli.evaluation.settings import EvalConfig
from hie_cli.evaluation.track_results import Evaluation, TrackResult
from hie_cli.evaluation.tracks import Loaded
from hie_cli.evaluation.verification import coco, motmetrics, trackeval
from hie_cli.evaluation.verification.reference import POOLED, Check, Reference, Verification

REFERENCES: tuple[Reference, ...] = (
    *coco.REFERENCES,
    *trackeval.REFERENCES,
    *motmetrics.REFERENCES,
)


def verify(
    evaluation: Evaluation,
    truth: Mapping[str, TruthSequence],
    results: Mapping[str, tuple[FramePeople, ...]],
    boxes: Mapping[str, TruthSequence] | None = None,
) -> Verification:
    """Run the references on what was evaluated; arguments as those of ``evaluate.evaluate``."""
    checks: list[Check] = []
    skipped: list[str] = []
    for reference in REFERENCES:
        result = evaluation.tracks.get(reference.track)
        if result is None:
            continue
        if find_spec(reference.package) is None:
            skipped.append(f"{reference.package} is not installed")
            continue
        sequences = _sequences(reference, result, evaluation.config, truth, results, boxes)
        for name, figures in reference.run(sequences, evaluation.config):
            ours = result.pooled if name == POOLED else result.sequences[name]
            known = {**ours.scalars, **ours.counts}
            checks += [
                Check(reference.package, reference.track, name, figure, known[figure], theirs)
                for figure, theirs in figures.items()
            ]
    return Verification(tuple(checks), tuple(dict.fromkeys(skipped)))


def _sequences(
    reference: Reference,
    result: TrackResult,
    config: EvalConfig,
    truth: Mapping[str, TruthSequence],
    results: Mapping[str, tuple[FramePeople, ...]],
    boxes: Mapping[str, TruthSequence] | None,
) -> Iterator[tuple[str, Loaded]]:
    """The sequences that were scored, read once more, one at a time."""
    for name in progress(
        list(result.sequences), f"verifying by {reference.package}", unit="sequence"
    ):
        whole, boxed, _ = loaded(name, truth, results, config, boxes)
        yield name, boxed if result.metric.scores_boxes else whole
