"""Do heatmaps of the frames around help a frame's poses, carried to it by the flow?

    python benchmarks/carried_heatmaps.py DATA/pose-samples [--frames 16] [--cache FOLDER]

The network looks at each person's window on frames t - 1, t and t + 1; the maps of the other two
are carried to t along the optical flow, a cell at a time, and averaged with its own, which counts
1. What is compared: ``alone`` (the frame's own maps), refinement of poses over time (``flow``), and
every way of carrying, without and with that refinement on top. Scenes: rendered crowds and labelled
stills under a moving camera, as they are, with every third frame blurred, and dark and noisy.
``near`` and ``near .2``: the shares of true joints within half a head and a fifth of one, missing
ones counting as missed. Ways are chosen by leaving one scene out.
"""

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from image_changes import motion_blur
from moving_stills import moving_stills
from pose_clips import Chain, PoseClip, Scene, Truth
from posed_crowds import simulated
from suite import Named, group_means, left_out, mean_of
from suite_clips import disturbed_image

from hie_cli.core import geometry
from hie_cli.core.skeletons import COCO17, to_hieve
from hie_cli.core.types import Frame, People
from hie_cli.flow.estimators import FlowMeter
from hie_cli.flow.fields import FlowPair, carry
from hie_cli.models.decoders.centernet import STRIDE
from hie_cli.models.decoders.single_pose import decode
from hie_cli.models.estimators import CropEstimator
from hie_cli.models.images import cut, windows
from hie_cli.models.registry import load_estimator
from hie_cli.pipeline.settings import ChainConfig, load_chain
from hie_cli.posing.calibration import HALF_HEAD
from hie_cli.posing.refine import refine
from hie_cli.posing.settings import RefineConfig
from hie_cli.posing.stage import pose

FIGURES = ("near", "near .2")
MAPS = ("centre", "heat", "regress", "offset")


@dataclass(frozen=True)
class Way:
    """How the maps around count: ``weight`` each, where the flow's way there and back closes; which
    of the network's maps are carried.
    """

    weight: float
    carried: tuple[str, ...] = ("heat",)


DISTURBED = ("blur", "dark")
WAYS = {
    "alone": Way(0.0),
    "heat .5": Way(0.5),
    "heat 1": Way(1.0),
    "heat, centre, regress .5": Way(0.5, MAPS[:3]),
    "heat, centre, regress 1": Way(1.0, MAPS[:3]),
}


@dataclass
class Looks:
    """A pose estimator (``models.base.PoseEstimator``) of consecutive images, by one of ``WAYS``.

    Every way's poses are made when the images are first asked for.
    """

    model: CropEstimator
    flows: Sequence[FlowPair | None]
    way: str = "alone"
    seconds: float = 0.0
    made: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def spec(self) -> Any:
        """Of the network."""
        return self.model.spec

    def estimate(self, images: Sequence[Any], boxes: Sequence[Any], *, flip: bool) -> list[Any]:
        """Poses of the people in ``boxes``."""
        assert not flip
        if not self.made:
            self.made = {name: [] for name in WAYS}
            for t in range(len(images)):
                for name, found in self._looks(images, boxes[t], t).items():
                    self.made[name].append(found)
        return self.made[self.way]

    def _looks(self, images: Sequence[Any], boxes: Any, t: int) -> dict[str, Any]:
        if not len(boxes):
            return dict.fromkeys(WAYS, (np.zeros((0, 14, 2)), np.zeros((0, 14))))
        side = self.model.spec.input.size_wh
        window = windows(boxes, self.model.spec.input.context, 1.0)
        own = self._maps(images[t], window, side)
        started = time.perf_counter()
        around = []
        for other, pair in ((t - 1, self.flows[t]), (t + 1, (*self.flows, None)[t + 1])):
            if 0 <= other < len(images) and pair is not None:
                maps = self._maps(images[other], window, side)
                around.append(_carried(maps, window, side[0], pair, back=other < t))
        self.seconds += time.perf_counter() - started
        per_pixel = window[:, None, 2:] / np.array(side, float)
        made = {}
        for name, way in WAYS.items():
            points, scores = to_hieve(COCO17, *decode(_mean(own, around, way)))
            made[name] = points * per_pixel + window[:, None, :2], scores
        return made

    def _maps(self, image: Any, window: Any, side: tuple[int, int]) -> list[Any]:
        crops = np.stack([cut(image, each, side) for each in window])
        parts = [self.model.network(crops[k : k + 8]) for k in range(0, len(crops), 8)]
        return [np.concatenate(each) for each in zip(*parts, strict=True)]


def _carried(
    maps: list[Any], window: Any, side: int, pair: FlowPair, back: bool
) -> tuple[list[Any], Any]:
    """Maps (N, C, s, s) of the frame before (``back``) or after, as cells of t see them, and where
    (N, s, s) the flow can be followed.
    """
    cells = np.stack(np.meshgrid(*[np.arange(side // STRIDE, dtype=float)] * 2), -1)
    per_cell = window[:, None, None, 2:] / side * STRIDE
    corner = window[:, None, None, :2]
    moved, error = carry(cells * per_cell + corner, pair, back)
    at = ((moved - corner) / per_cell).astype(np.float32)
    tall = window[:, 3] / 1.25
    there = error < np.maximum(RefineConfig().max_error * tall, 1.0)[:, None, None]
    shown = []
    for each in maps:
        moved_maps = np.zeros_like(each)
        for n, person in enumerate(each):
            for c, channel in enumerate(person):
                moved_maps[n, c] = cv2.remap(channel, at[n, ..., 0], at[n, ..., 1], 1)
        shown.append(moved_maps)
    return shown, there


def _mean(own: list[Any], around: Sequence[tuple[list[Any], Any]], way: Way) -> list[Any]:
    mean = list(own)
    for m, name in enumerate(MAPS):
        if name in way.carried and way.weight:
            total, weight = own[m].copy(), np.ones_like(own[m][:, :1])
            for maps, there in around:
                share = way.weight * there[:, None]
                total += share * maps[m]
                weight += share
            mean[m] = (total / weight).astype(np.float32)
    return mean


def near(truths: Sequence[Truth], found: Sequence[People]) -> dict[str, float]:
    """The shares of joints; people are matched to true ones by box."""
    hits, total = {0.5: 0, 0.2: 0}, 0
    for truth, everybody in zip(truths, found, strict=True):
        given = truth.given(everybody)
        head = 2 * HALF_HEAD * truth.tall[:, None]
        distance = np.linalg.norm(given - truth.joints, axis=-1) / head
        total += int(geometry.known(truth.joints).sum())
        for share in hits:
            hits[share] += int((distance <= share).sum())
    return {"near": hits[0.5] / total, "near .2": hits[0.2] / total}


def measure(
    scene: Scene, settings: ChainConfig, model: CropEstimator
) -> tuple[dict[str, Any], float]:
    """Figures by way, refined or not, and the seconds that carrying took a person."""
    meter = FlowMeter(settings.refine.flow)
    flows = [meter.step(item.image) for item in scene.clip]
    looks = Looks(model, flows)
    config = replace(settings.pose, window=len(scene.clip))
    rows: dict[str, Any] = {}
    for name in WAYS:
        looks.way = name
        posed = list(pose(scene.clip, config, looks))
        rows[name] = near(scene.truths, [item.people for item in posed])
        refined = refine(posed, settings.refine, scene.fps)
        rows[f"{name}, flow"] = near(scene.truths, [item.people for item in refined])
    people = sum(len(points) for points, _ in looks.made["alone"])
    return rows, looks.seconds / max(people, 1)


def report(known: Sequence[dict[str, Any]]) -> None:
    """Means by kind of scene and way, the worst change of a group, and figures left out."""
    cases = [Named(f"{e['group']} {e['kind']}", e["group"]) for e in known]
    pairs = list(zip(cases, known, strict=True))
    figures = {way: {c.name: e["rows"][way] for c, e in pairs} for way in known[0]["rows"]}
    kinds = sorted({each["kind"] for each in known})
    print(f"| way | {' | '.join(kinds)} | mean over groups | worst change |")
    for way, rows in figures.items():
        shown = [
            mean_of([[rows[c.name][f] for f in FIGURES] for c, e in pairs if e["kind"] == kind])
            for kind in kinds
        ]
        groups, means = group_means(rows, cases, FIGURES)
        plain = "alone, flow" if way.endswith("flow") else "alone"
        change = (means - group_means(figures[plain], cases, FIGURES)[1]).mean(axis=1)
        worst = f"{groups[int(change.argmin())]} {change.min():+.3f}"
        cells = [" / ".join(f"{v:.3f}" for v in row) for row in (*shown, means.mean(axis=0))]
        print(f"| {way} | {' | '.join(cells)} | {worst} |")
    for refined in (False, True):
        tried = [way for way in figures if way.endswith("flow") == refined]
        _, chosen, found = left_out(figures, tried, cases, FIGURES)
        mean = " / ".join(f"{v:.3f}" for v in found.mean(axis=0))
        print(f"left out, {'refined' if refined else 'not refined'}: {mean}, by {set(chosen)}")
    print(f"milliseconds more a person: {1000 * np.median([e['seconds'] for e in known]):.0f}")


class Disturbed(Chain):
    """People as the detectors see them in frames that are disturbed in the way ``kind``: every
    third frame blurred by motion, or all dark and noisy; "" leaves them.
    """

    kind = ""

    def __call__(self, name: str, frames: list[Frame], fps: float) -> PoseClip:
        """As ``Chain``, without crops."""
        rng = np.random.default_rng(0)
        shown = [Frame(f.index, self._disturbed(f, rng)) for f in frames]
        return super().__call__(f"{name}{self.kind}", shown, fps)

    def _disturbed(self, frame: Frame, rng: np.random.Generator) -> Any:
        if self.kind == "blur" and frame.index % 3 == 1:
            return motion_blur(frame.image, frame.image.shape[0] // 20, rng)
        return disturbed_image(frame.image, "dark", rng)[0] if self.kind == "dark" else frame.image


def scenes(
    root: Path, frames: int, chain: Disturbed, disturbed: Sequence[str]
) -> Iterator[tuple[str, Scene]]:
    """Clips with their people, each with the name of what it shows."""
    for chain.kind in ("", *disturbed):
        for fps in (10.0, 25.0) if not chain.kind else (25.0,):
            for seed in (0, 1):
                for scene in simulated((seed,), frames, fps, chain):
                    kind = chain.kind or f"{fps:g} fps"
                    yield f"rendered {seed}", replace(scene, kind=f"crowd, {kind}")
        only = ("coco", "aic") if chain.kind else ("coco", "aic", "crowdpose", "ochuman")
        for number, scene in enumerate(moving_stills(root, frames // 2, chain, only)):
            kind = f"{scene.kind}, {chain.kind}" if chain.kind else scene.kind
            yield f"still {number // 2}", replace(scene, kind=kind)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", type=Path)
    parser.add_argument("--frames", type=int, default=16)
    parser.add_argument("--cache", type=Path, default=Path("out/carried"))
    parser.add_argument("--disturbed", nargs="*", choices=DISTURBED, default=list(DISTURBED))
    options = parser.parse_args()
    cv2.setNumThreads(1)
    chain = Disturbed("balanced", options.cache, ["pose.mode=one-pass"])
    settings = load_chain("balanced", [], [])
    model = load_estimator(settings.pose.model, "cpu", precision="fp32")
    options.cache.mkdir(parents=True, exist_ok=True)
    kept = options.cache / f"figures-{options.frames}.jsonl"
    rows = [json.loads(line) for line in kept.read_text().splitlines()] if kept.is_file() else []
    known = {(row["group"], row["kind"]): row for row in rows}
    wanted = []
    for group, scene in scenes(options.root, options.frames, chain, options.disturbed):
        if (group, scene.kind) not in known:
            figures, seconds = measure(scene, settings, model)
            row = {"group": group, "kind": scene.kind, "seconds": seconds, "rows": figures}
            known[group, scene.kind] = row
            with kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
        wanted.append(known[group, scene.kind])
    report(wanted)


if __name__ == "__main__":
    main()
