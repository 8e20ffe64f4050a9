"""Annolists as ground truth: HiEve Track-2/3 (our stage documents too)."""

import dataclasses
from typing import Any

import numpy as np

from hie_cli.core.annotations import INVISIBLE, NOT_ANNOTATED, VISIBLE, Annotations, TruthSequence
from hie_cli.core.errors import InputError
from hie_cli.core.types import FloatArray, People
from hie_cli.formats.documents.document import Document
from hie_cli.formats.documents.fields import scalar
from hie_cli.formats.limits import MAX_COORDINATE


def truth_of_people(people: People) -> Annotations:
    """People read from a file as ground truth: a joint is visible where its score is above 0.

    The best-scored action is the person's; -1 where it has none.
    """
    n = len(people)
    ids = np.full(n, -1, np.int64) if people.track_ids is None else people.track_ids
    visibility = actions = None
    if people.keypoints is not None and people.keypoint_scores is not None:
        seen = np.where(people.keypoint_scores > 0, VISIBLE, INVISIBLE)
        missing = np.isnan(people.keypoints).any(-1)
        visibility = np.where(missing, NOT_ANNOTATED, seen).astype(np.int8)
    if people.action_scores is not None:
        known = np.isfinite(people.action_scores).any(-1)
        actions = np.where(known, np.nan_to_num(people.action_scores, nan=-1).argmax(-1), -1)
    ignore = np.zeros(n, bool)
    return Annotations(people.boxes, ids, ignore, people.keypoints, visibility, actions)


def read_regions(entry: dict[str, Any], where: str) -> tuple[FloatArray, ...]:
    """The ``ignore_regions`` polygons (K, 2) of an annolist entry; absent means none."""
    regions = entry.get("ignore_regions") or []
    if isinstance(regions, dict):
        regions = [regions]
    if not isinstance(regions, list):
        raise InputError(f"{where}: ignore_regions is not a list of polygons")
    polygons = []
    for number, region in enumerate(regions):
        place = f"{where}: ignore region {number}"
        points = region.get("point") if isinstance(region, dict) else None
        if not isinstance(points, list) or not all(isinstance(p, dict) for p in points):
            raise InputError(f"{place}: no list of points")
        corners = [[scalar(p, "x", place), scalar(p, "y", place)] for p in points]
        polygon = np.array(corners, np.float64).reshape(-1, 2)
        if not (np.abs(polygon) <= MAX_COORDINATE).all():
            raise InputError(f"{place}: lies beyond ±{MAX_COORDINATE:g} pixels")
        polygons.append(polygon)
    return tuple(polygons)


def region_records(regions: tuple[FloatArray, ...]) -> list[dict[str, Any]]:
    """Polygons as an annolist entry's ``ignore_regions``."""
    return [
        {"point": [{"x": [x], "y": [y]} for x, y in np.round(p.astype(float), 3).tolist()]}
        for p in regions
    ]


def truth_sequence(name: str, document: Document) -> TruthSequence:
    """A HiEve Track-2/3 annolist (or a stage document) as ground truth."""
    frames: dict[int, Annotations] = {}
    scored = False
    for item, entry in document.entries():
        scored = scored or not np.isin(item.people.scores, (0, 1)).all()
        where = f"{document.label}: frame {item.index}"
        frames[item.index] = dataclasses.replace(
            truth_of_people(item.people), ignore_regions=read_regions(entry, where)
        )
    video = document.header.video if document.header else None
    count = max(frames, default=-1) + 1
    if video is not None and video.num_frames is not None:
        count = max(count, video.num_frames)
    missing = Annotations.empty(annotated=False)
    return TruthSequence(
        name,
        tuple(frames.get(t, missing) for t in range(count)),
        video.width if video else None,
        video.height if video else None,
        video.fps if video else None,
        scored=scored,
    )
