"""The suite's pose part: 14 joints of every preset on labelled stills and rendered crowds.

Stills with the labelled boxes (``given``) and with hie's own, plain and disturbed; rendered crowds,
whose joints are exact, with own boxes and refined over time. AP is OKS AP with the 14 HiEve sigmas,
``near`` and ``near .2`` are the shares of labelled joints within half a head and a fifth of one; a
joint that is missing counts as missed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from pose import oks_ap, on_labelled_boxes
from stills import Still, pose_stills
from suite import Case, code_version
from suite_clips import DISTURBED, Clip, Footage, crowds, disturbed_image
from suite_detection import people_of
from suite_networks import Networks

from hie_cli.core.types import FramePeople, People
from hie_cli.pipeline.settings import ChainConfig, load_chain
from hie_cli.posing.calibration import HALF_HEAD
from hie_cli.posing.refine import refine
from hie_cli.posing.stage import pose

FIGURES = ("AP", "near", "near .2")
OURS = "balanced"
ROOT = Path(__file__).parent.parent / "hie_cli"


def methods(peers: bool) -> list[str]:
    """The presets."""
    del peers
    return ["fast", "balanced", "accurate"]


def version(method: str) -> str:
    """What the figures depend on beside the input: code, and the preset."""
    code = code_version(ROOT / "detection", ROOT / "models", ROOT / "posing", ROOT / "flow")
    return code + repr(settings_of(method))


def settings_of(method: str) -> ChainConfig:
    """Settings of ``preset`` or ``preset:section.key=value,...``."""
    preset, _, text = method.partition(":")
    return load_chain(preset, [], [part for part in text.split(",") if part])


def cases(data: Path, store: Path, fast: bool) -> list[Case]:
    """All labelled pictures that are there."""
    networks = Networks(store)
    made = [_stills_case(group, networks) for group in still_groups(data / "pose-samples", fast)]
    return made + [_crowd_case(clip, networks) for clip in crowds(fast)]


@dataclass(frozen=True)
class Group:
    """The stills of one data set: name, scene, and whether the labelled boxes are given."""

    name: str
    scene: str
    stills: tuple[Still, ...]
    given: bool


def still_groups(root: Path, fast: bool) -> Iterator[Group]:
    """By data set, plain and disturbed, given boxes and own."""
    everything = list(pose_stills(root)) if root.is_dir() else []
    for scene in dict.fromkeys(still.group for still in everything):
        own = tuple(still for still in everything if still.group == scene)
        for kind in ("", *(() if fast else DISTURBED)):
            shown = own if not kind else tuple(changed(still, kind) for still in own)
            for given in (True, False):
                name = f"{scene} {kind} {'given' if given else 'own'}".replace("  ", " ")
                yield Group(name, scene, shown, given)


def changed(still: Still, kind: str) -> Still:
    """A disturbed still with its labels."""
    image, scale = disturbed_image(still.image, kind, np.random.default_rng(0))
    return replace(
        still,
        image=image,
        boxes=still.boxes * scale,
        keypoints=still.keypoints * scale,
        areas=still.areas * scale**2,
        half_heads=still.half_heads * scale,
    )


def _stills_case(group: Group, networks: Networks) -> Case:
    def measure(method: str) -> dict[str, float]:
        config = settings_of(method)
        clip = Clip(0.0, tuple(still.image for still in group.stills), {}, {})
        own, _ = people_of(clip, networks, config.detect)
        seen = [
            on_labelled_boxes(still, people) if group.given else people
            for still, people in zip(group.stills, own, strict=True)
        ]
        found = []
        for people, still in zip(seen, group.stills, strict=True):
            found += posed([FramePeople(0, people, still.image)], config, networks)
        return figures(list(group.stills), found)

    return Case(f"stills {group.name}", group.scene, group.name, measure)


def _crowd_case(clip: Footage, networks: Networks) -> Case:
    def measure(method: str) -> dict[str, float]:
        config = settings_of(method)
        shown = clip.make()
        own, _ = people_of(shown, networks, config.detect)
        seen = [
            FramePeople(t, people, image)
            for t, (people, image) in enumerate(zip(own, shown.images, strict=True))
        ]
        found = posed(seen, config, networks, shown.fps)
        stills = [labelled(shown, t) for t in range(len(seen))]
        return figures(stills, found)

    return Case(clip.name, clip.group, clip.key, measure)


def labelled(clip: Clip, t: int) -> Still:
    """Frame ``t`` of a rendered crowd as a labelled picture; heads by the boxes' heights."""
    true = clip.truth[t]
    size = true.boxes[:, 2:] - true.boxes[:, :2]
    heads = HALF_HEAD * size.max(axis=1, initial=0.0)
    points = clip.keypoints[t]
    return Still("", clip.images[t], true.boxes, true.ignore, points, size.prod(1) * 0.5, heads)


def posed(
    seen: list[FramePeople], config: ChainConfig, networks: Networks, fps: float = 0.0
) -> list[People]:
    """Poses as ``hie pose`` gives them, refined where the frames follow each other."""
    one_pass = config.pose.mode == "one-pass"
    model = None if one_pass else networks.estimator(config.pose.model)
    found = pose(seen, config.pose, model)
    if fps:
        found = refine(found, config.refine, fps)
    return [item.people for item in found]


def figures(stills: list[Still], found: list[People]) -> dict[str, float]:
    """AP and the shares of joints that are near."""
    ap, _ = oks_ap(stills, found)
    hits = {0.5: 0, 0.2: 0}
    total = 0
    for still, people in zip(stills, found, strict=True):
        shown = on_labelled_boxes(still, people)
        distance: Any = np.linalg.norm(shown.keypoints - still.keypoints, axis=-1)
        known = np.isfinite(still.keypoints).all(-1) & ~still.ignore[:, None]
        total += int(known.sum())
        for share in hits:
            near = distance <= 2 * share * still.half_heads[:, None]
            hits[share] += int((near & known).sum())
    return {"AP": ap, "near": hits[0.5] / total, "near .2": hits[0.2] / total}
