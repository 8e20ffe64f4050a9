"""``hie summary eval`` and ``agreement``: methods scored on the field's data sets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hie_cli.core.errors import ConfigError, InputError, nearest
from hie_cli.core.progress import progress
from hie_cli.core.types import FloatArray
from hie_cli.pipeline.inputs import Paths, path_texts
from hie_cli.summary.dataset import Split, SummaryVideo, read_datasets, read_splits
from hie_cli.summary.protocol import (
    Figures,
    Row,
    Scorer,
    baseline_rows,
    over_splits,
    score_video,
)
from hie_cli.summary.scorers import ctvsum
from hie_cli.summary.trained import TrainedScorer, is_trained, load_scorer
from hie_cli.summary.user_scores import Agreement, UserScores, read_user_scores, user_agreement

_COLUMNS = ("F max", "F mean", "tau", "rho")
# What can be scored by name: it needs nothing but features.
SCORERS: dict[str, Callable[[SummaryVideo], FloatArray]] = {
    "ctvsum": lambda video: ctvsum(video.features)
}


@dataclass(frozen=True)
class SummaryReport:
    """Rows of a table, methods and baselines, and notes on how they are to be read."""

    rows: tuple[Row, ...]
    notes: tuple[str, ...] = field(default=())

    def record(self) -> dict[str, object]:
        """For JSON."""
        return {"rows": [row.record() for row in self.rows], "notes": list(self.notes)}

    def table(self) -> str:
        """Text: a line a row; F in percent."""
        width = max(len(row.method) for row in self.rows)
        lines = [" ".join((" " * width, *(f"{name:>7}" for name in _COLUMNS)))]
        for row in self.rows:
            f, g, tau, rho = vars(row.mean).values()
            cells = (*_cells((100 * f, 100 * g), 1), *_cells((tau, rho), 3))
            lines.append(" ".join((f"{row.method:<{width}}", *cells)))
        return "\n".join(lines)


def _cells(values: Sequence[float], digits: int) -> list[str]:
    return [f"{'-':>7}" if value != value else f"{value:>7.{digits}f}" for value in values]


@dataclass(frozen=True)
class Benchmark:
    """Data sets to be scored on: videos by key, splits, and the users' frame scores by key."""

    videos: dict[str, SummaryVideo]
    splits: tuple[Split, ...]
    users: dict[str, FloatArray]
    share: float

    def row(self, method: str, scorer_of: Callable[[int], Scorer]) -> Row:
        """A method's row; ``scorer_of`` gives the scorer of a split by its number."""
        known: dict[tuple[int, str], Figures] = {}
        for number, split in enumerate(self.splits):
            scorer = scorer_of(number)
            for key in progress(split.test, f"{method}, split {number}", len(split.test), "video"):
                video = self.videos[key]
                known[number, key] = score_video(
                    video, scorer(video), self.users.get(key), self.share
                )
        return over_splits(method, self.splits, lambda number, key: known[number, key])

    def report(self, rows: Sequence[Row]) -> SummaryReport:
        """Rows with the baselines behind them."""
        baselines = baseline_rows(self.videos, self.splits, self.users, self.share)
        return SummaryReport((*rows, *baselines), self._notes())

    def _notes(self) -> tuple[str, ...]:
        tested = {key for split in self.splits for key in split.test}
        ranks = (
            "tau and rho: with each user's frame scores, mean over users"
            if self.users
            else "tau and rho: with the mean of the users' choices (--users gives their scores)"
        )
        told = f"{len(self.splits)} splits, {len(tested)} of {len(self.videos)} videos tested"
        return (told if len(self.splits) > 1 else f"{len(tested)} videos tested", ranks)


def load_benchmark(
    data: Paths, splits: Path | str | None, users: Path | str | None, share: float
) -> Benchmark:
    """What ``evaluate_summaries`` and the training of summarisers are asked to score on.

    Without splits all videos are tested. Raises ConfigError and InputError.
    """
    if not 0 < share <= 1:
        raise ConfigError(f"--share {share:g}: expected more than 0, at most 1")
    paths = [Path(text) for text in path_texts(data)]
    if not paths:
        raise ConfigError("no data set given; give .h5 files")
    videos = {video.key: video for video in read_datasets(paths)}
    keys = tuple(videos)
    chosen = [Split((), keys)] if splits is None else read_splits(Path(splits), keys)
    given = {} if users is None else matched_users(read_user_scores(Path(users)), videos)
    return Benchmark(videos, tuple(chosen), given, share)


def matched_users(
    users: Sequence[UserScores], videos: dict[str, SummaryVideo]
) -> dict[str, FloatArray]:
    """The users' frame scores by video key: ``video_N`` is the N-th of the file.

    A video whose number of frames is another one is not theirs: InputError.
    """
    found = {}
    for key, video in videos.items():
        number = key.rpartition("_")[2]
        if not number.isdecimal() or not 1 <= int(number) <= len(users):
            raise InputError(f"{key}: not one of the {len(users)} videos of the users' scores")
        scores = users[int(number) - 1].scores
        if abs(scores.shape[1] - video.num_frames) > 2:
            raise InputError(
                f"{key}: {video.num_frames} frames, its users scored {scores.shape[1]}; "
                "the scores are of another data set"
            )
        found[key] = scores
    return found


def evaluate_summaries(
    data: Paths,
    *,
    splits: Path | str | None = None,
    users: Path | str | None = None,
    methods: Sequence[str] = ("ctvsum",),
    share: float = 0.15,
) -> SummaryReport:
    """Methods on the field's ``.h5`` files, beside random, uniform and constant scores and users.

    A method is ``ctvsum``, or the folder of ``train_summary``; of one with splits each split's own
    summariser scores its videos.

    data: one or several files · splits: a JSON file of train_keys and test_keys; without it every
    video is tested · users: TVSum's frame scores, for rank correlations · methods: names · share:
    of a video that a summary may take. Raises ConfigError, InputError or ModelError.
    """
    for name in methods:
        if name not in SCORERS and not _folders(Path(name)):
            hint = nearest(name, list(SCORERS)) or "; expected ctvsum or a folder"
            raise ConfigError(f"--method {name}: unknown{hint}")
    benchmark = load_benchmark(data, splits, users, share)
    rows = []
    for name in methods:
        scorers = _scorers(name, len(benchmark.splits))
        rows.append(benchmark.row(name, scorers.__getitem__))
    return benchmark.report(rows)


def _folders(place: Path) -> list[Path]:
    """Where ``train_summary`` left its summarisers: in the folder itself, or one per split."""
    if is_trained(place):
        return [place]
    found: list[Path] = []
    while is_trained(place / f"split-{len(found)}"):
        found.append(place / f"split-{len(found)}")
    return found


def _scorers(name: str, splits: int) -> list[Scorer]:
    """A scorer per split."""
    if name in SCORERS:
        return [SCORERS[name]] * splits
    places = _folders(Path(name))
    if len(places) not in (1, splits):
        raise ConfigError(f"--method {name}: trained on {len(places)} splits, not on {splits}")
    found = [_scorer(load_scorer(place)) for place in places]
    return found if len(found) == splits else found * splits


def _scorer(trained: TrainedScorer) -> Scorer:
    return lambda video: trained.scores(video.features)


def summary_agreement(users: Path | str) -> Agreement:
    """How far TVSum's users agree among themselves: what no method can be asked to pass by far.

    users: ``ydata-tvsum50.mat`` or ``ydata-anno.tsv``. Raises InputError.
    """
    return user_agreement(read_user_scores(Path(users)))
