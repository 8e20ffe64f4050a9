"""Labelled pictures of all sources, and where their pixels are."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hie_cli.core.annotations import Annotations, TruthSequence
from hie_cli.core.errors import InputError
from hie_cli.core.progress import note, progress
from hie_cli.core.types import FramePeople, Image
from hie_cli.formats.results import read_results
from hie_cli.formats.truth import read_truth
from hie_cli.models.images import resized
from hie_cli.simulation.crowd import CrowdConfig, simulate
from hie_cli.simulation.crowd import truth as truth_of
from hie_cli.simulation.render import render
from hie_cli.training.action.simulated import at
from hie_cli.training.data.mix import Mix, Source, names_of, unfitting
from hie_cli.training.data.picture_files import PictureFiles
from hie_cli.training.engine.pixel_store import PixelFile, Stored
from hie_cli.video.frame_range import parse_range
from hie_cli.video.images import read_image
from hie_cli.video.sources import VideoSource

SIMULATED_FRAMES = 41  # of a crowd, of which every tenth is drawn
_SIMULATED_STEP = 10
_SIMULATED_SIZE = (640, 360)
_NAMED = 6  # videos that an error names
_SEEDS = 500_000  # apart from those of simulated actions and of people's own tries


@dataclass(frozen=True)
class Item:
    """One labelled picture: frame ``index`` of ``video``, of source number ``source``.

    picture: a file, or pixels in the store · labels: in the picture's pixels · held_out: to
    validate on.
    """

    source: int
    video: str
    index: int
    picture: Path | Stored
    labels: Annotations
    held_out: bool

    def image(self) -> Image:
        """(H, W, 3) uint8 BGR. Raises InputError for a damaged file."""
        picture = self.picture
        return read_image(picture) if isinstance(picture, Path) else np.asarray(picture)

    @property
    def place(self) -> str:
        """For messages."""
        if isinstance(self.picture, Path):
            return str(self.picture)
        return f"{self.video}: frame {self.index}"


@dataclass(frozen=True)
class Items:
    """All items of a mixture, by use."""

    mix: Mix
    training: tuple[Item, ...]
    validation: tuple[Item, ...]

    @property
    def told(self) -> str:
        """A sentence on what they are."""
        names = ", ".join(source.title for source in self.mix.sources)
        counts = f"{len(self.training)} pictures to train on, {len(self.validation)} to validate"
        return f"{counts} ({names})"


def find_items(mix: Mix, store: PixelFile, long_side: int) -> Items:
    """Every labelled picture of the mixture.

    Frames of videos are decoded once and kept in ``store``, shrunk to ``long_side``. Raises
    InputError where truth and images do not meet, or a pattern of ``val`` fits nothing.
    """
    found: list[Item] = []
    for number, source in enumerate(mix.sources):
        own = list(_of_source(mix, number, source, store, long_side))
        if not own:
            raise InputError(f"{source.title}: no labelled picture; check its images and frames")
        note(f"{source.title}: {len(own)} labelled pictures")
        _require_fitting(own, source.val, f"{source.title}: ")
        found += own
    _require_fitting(found, mix.val, "")
    training = tuple(item for item in found if not item.held_out)
    validation = tuple(item for item in found if item.held_out)
    return Items(mix, training, validation)


def _require_fitting(items: Sequence[Item], patterns: Sequence[str], title: str) -> None:
    """InputError for a pattern that holds nothing out: what it means would be trained on."""
    names = {name for item in items for name in names_of(item.video, item.labels.image)}
    for pattern in unfitting(patterns, names):
        there = ", ".join(sorted({item.video for item in items})[:_NAMED])
        raise InputError(f"{title}val: {pattern!r} fits no video or picture (such as {there})")


def require_both(items: Items) -> None:
    """InputError unless there is something to train on and something to validate."""
    if not items.training:
        raise InputError("every video is held out (val); leave some to train on")
    require_held_out(items)


def require_people(items: Items, *, taught: bool = False) -> None:
    """InputError unless somebody counts on both sides; ``taught``: a teacher needs no labels."""
    sides = {"validate": items.validation, "train on": () if taught else items.training}
    for name, own in sides.items():
        if own and all(item.labels.ignore.all() for item in own):
            raise InputError(f"nobody to {name}: no person counts in {len(own)} pictures")


def require_held_out(items: Items) -> None:
    """InputError unless there is something to validate."""
    if not items.validation:
        raise InputError("no video is held out; name some to validate on (val: [NAME])")


def _of_source(
    mix: Mix, number: int, source: Source, store: PixelFile, long_side: int
) -> Iterator[Item]:
    if source.simulate:
        yield from _simulated(mix, number, source, store, long_side)
        return
    sequences = labelled(source)
    files = PictureFiles(source.images)
    for name in sequences:
        sequence = sequences[name]
        if any(frame.image for frame in sequence.frames):
            for t in _chosen(sequence, source):
                truth = sequence.frames[t]
                path = files.find(truth.image, source)
                apart = mix.held_out(source, name, truth.image)
                yield Item(number, name, t, path, truth, apart)
            continue
        path = files.video(name, source, len(sequences))
        wanted = set(_chosen(sequence, source))
        if not wanted:
            continue
        apart = mix.held_out(source, name, "")
        video = VideoSource(path)
        for frame in progress(video, f"reading {name}", len(video), "frame"):
            if frame.index in wanted:
                wanted.remove(frame.index)
                _require_size(frame.image, sequence, path)
                truth = sequence.frames[frame.index]
                yield _stored(
                    number, name, frame.index, frame.image, truth, store, long_side, apart
                )
            if not wanted:
                break
        if wanted:
            fix = f"labels of another video? frames: ':{min(wanted)}' leaves them out"
            raise InputError(f"{path}: has no frame {min(wanted)}, which is labelled; {fix}")


def _require_size(image: Image, sequence: TruthSequence, path: Path) -> None:
    """InputError where labels are of pictures of another size than those of the video ``path``."""
    stated, found = (sequence.width, sequence.height), (image.shape[1], image.shape[0])
    if None not in stated and stated != found:
        sizes = f"{found[0]} x {found[1]} pixels, but labelled as {stated[0]} x {stated[1]}"
        raise InputError(f"{path}: {sizes}; give the video that was labelled")


def _stored(
    number: int, name: str, index: int, image: Image, truth: Annotations, store: PixelFile,
    long_side: int, apart: bool,
) -> Item:  # fmt: skip
    scale = min(1.0, long_side / max(image.shape[:2]))
    if scale < 1:
        height, width = (max(1, round(side * scale)) for side in image.shape[:2])
        truth = scaled(truth, width / image.shape[1], height / image.shape[0])
        image = resized(image, height, width)
    return Item(number, name, index, store.put(image), truth, apart)


def scaled(truth: Annotations, x: float, y: float) -> Annotations:
    """Labels of a picture ``x`` times as wide and ``y`` times as high."""
    both = np.array([x, y])
    return dataclasses.replace(
        truth,
        boxes=truth.boxes * [x, y, x, y],
        keypoints=None if truth.keypoints is None else truth.keypoints * both,
        head_boxes=None if truth.head_boxes is None else truth.head_boxes * [x, y, x, y],
        areas=None if truth.areas is None else truth.areas * x * y,
        ignore_regions=tuple(region * both for region in truth.ignore_regions),
    )


def labelled(source: Source) -> Mapping[str, TruthSequence]:
    """The source's labels by sequence name; documents as truth above their floors."""
    if source.truth is not None:
        return read_truth(source.truth, source.layout)
    assert source.documents is not None
    found = read_results(source.documents, source.layout)
    return {name: pseudo_labels(name, frames, source) for name, frames in found.items()}


def pseudo_labels(name: str, frames: Sequence[FramePeople], source: Source) -> TruthSequence:
    """Results taken for truth: people below ``min_score`` are ignored, weak joints not labelled."""
    last = frames[-1].index if frames else -1
    truth = [Annotations.empty(annotated=False)] * (last + 1)
    for frame in frames:
        people = frame.people
        keypoints = None
        if people.keypoints is not None and people.keypoint_scores is not None:
            weak = people.keypoint_scores < source.joint_score
            keypoints = np.where(weak[..., None], np.nan, people.keypoints).astype(np.float64)
        truth[frame.index] = Annotations(
            np.asarray(people.boxes, np.float64), np.full(len(people), -1, np.int64),
            people.scores < source.min_score, keypoints,
        )  # fmt: skip
    return TruthSequence(name, tuple(truth))


def _chosen(sequence: TruthSequence, source: Source) -> list[int]:
    """Frames of a sequence that are learned from."""
    frames = parse_range(source.frames)
    there = [t for t, each in enumerate(sequence.frames) if each.annotated and t in frames]
    there = there[:: source.every]
    if source.most and len(there) > source.most:
        picks = np.linspace(0, len(there) - 1, source.most).round().astype(int)
        there = [there[i] for i in picks]
    return there


def _simulated(
    mix: Mix, number: int, source: Source, store: PixelFile, long_side: int
) -> Iterator[Item]:
    """Rendered crowds of the training styles; those held out, of the test styles."""
    for k in progress(
        range(source.first, source.first + source.simulate), "simulating", unit="crowd"
    ):
        name = f"sim-{k}"
        apart = mix.held_out(source, name, "")
        rng = np.random.default_rng([k, 15])
        config = CrowdConfig(
            seed=_SEEDS + k, people=round(float(np.exp(rng.uniform(np.log(3), np.log(25))))),
            frames=SIMULATED_FRAMES, width=_SIMULATED_SIZE[0], height=_SIMULATED_SIZE[1],
            split="test" if apart else "train", pillars=int(rng.integers(0, 3)),
        )  # fmt: skip
        crowd = simulate(config)
        truth, drawn = truth_of(crowd).frames, range(0, SIMULATED_FRAMES, _SIMULATED_STEP)
        for t, frame in zip(drawn, render(at(crowd, drawn)), strict=True):
            yield _stored(number, name, t, frame.image, truth[t], store, long_side, apart)
