"""Persons of an annolist: ``annorect`` records as ``People``.

Well-formed records, the usual case, are gathered into flat lists and checked as arrays; only when
that fails does the careful reader walk them one by one to name the person and field at fault.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.action_classes import NUM_ACTIONS
from hie_cli.core.errors import InputError
from hie_cli.core.skeletons import NUM_JOINTS
from hie_cli.core.types import FloatArray, People
from hie_cli.formats.documents.fields import (
    all_numbers,
    check_box,
    extent,
    pixel,
    scalar,
    shown,
    whole,
)
from hie_cli.formats.limits import MAX_COORDINATE, MAX_NUMBER

BOX_KEYS = ("x1", "y1", "x2", "y2")


def parse_people(rects: list[dict[str, Any]], where: str, kind: type[People] = People) -> People:
    """The people of one frame's ``annorect`` list, as ``kind`` (``ExactPeople`` keeps all digits).

    A person without a box gets the extent of its joints. A field is None unless the records hold it
    (``track_id`` on every person, ``annopoints`` or ``actions`` on any). Raises InputError as
    ``where: person 4 has ...``.
    """
    try:
        people = _parse_at_once(rects, kind)
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError):
        people = None
    return _parse_carefully(rects, where, kind) if people is None else people


def _numbers(values: list[Any]) -> NDArray[np.float64]:
    """A flat list of JSON numbers as an array; TypeError for anything else in it."""
    if not all_numbers(values):
        raise TypeError
    return np.array(values, np.float64)


def _parse_at_once(rects: list[dict[str, Any]], kind: type[People]) -> People | None:
    """All records through flat lists; None or an exception unless all are plain and sound."""
    n = len(rects)
    corners: list[Any] = []
    scores: list[Any] = []
    ids: list[Any] = []
    for rect in rects:
        corners += rect["x1"]
        corners += rect["y1"]
        corners += rect["x2"]
        corners += rect["y2"]
        scores += rect["score"]
        ids += rect.get("track_id", ())
    if len(scores) != n or len(ids) not in (0, n) or not set(map(type, ids)) <= {int}:
        return None
    boxes = _numbers(corners).reshape(n, 4)
    if not _in_range(boxes) or (boxes[:, 2:] < boxes[:, :2]).any() or not _ids_sound(ids):
        return None
    score_array = _numbers(scores)
    pose = _joints_at_once(rects)
    actions = _actions_at_once(rects)
    if not _sane(score_array) or pose is None or actions is None:
        return None
    has_pose = any("annopoints" in rect for rect in rects)
    has_actions = any("actions" in rect for rect in rects)
    return kind(
        boxes,
        score_array,
        np.array(ids, np.int64) if ids else None,
        pose[0] if has_pose else None,
        pose[1] if has_pose else None,
        actions if has_actions else None,
    )


def _in_range(values: FloatArray) -> bool:
    return bool((np.abs(values) <= MAX_COORDINATE).all())  # False for NaN and infinity too


def _sane(values: FloatArray) -> bool:
    return bool((np.abs(values) <= MAX_NUMBER).all())


def _ids_sound(ids: list[int]) -> bool:
    known = [i for i in ids if i != -1]
    return len(set(known)) == len(known) and all(0 <= i < 2**53 for i in known)


def _joints_at_once(
    rects: list[dict[str, Any]],
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    counts = []
    ids: list[Any] = []
    xs: list[Any] = []
    ys: list[Any] = []
    scores: list[Any] = []
    for rect in rects:
        groups = rect.get("annopoints")
        if not groups:
            counts.append(0)
            continue
        (group,) = groups
        points = group["point"]
        counts.append(len(points))
        for point in points:
            ids += point["id"]
            xs += point["x"]
            ys += point["y"]
            scores += point["score"]
    total = sum(counts)
    if not total == len(ids) == len(xs) == len(ys) == len(scores):
        return None
    keypoints = np.full((len(rects), NUM_JOINTS, 2), np.nan)
    joint_scores = np.zeros((len(rects), NUM_JOINTS))
    if total:
        slot = _slots(counts, ids, 0, NUM_JOINTS)
        points_xy = _numbers(xs + ys).reshape(2, total).T
        values = _numbers(scores)
        if slot is None or not _in_range(points_xy) or not _sane(values):
            return None
        keypoints.reshape(-1, 2)[slot] = points_xy
        joint_scores.reshape(-1)[slot] = values
    return keypoints, joint_scores


def _actions_at_once(rects: list[dict[str, Any]]) -> NDArray[np.float64] | None:
    counts = []
    ids: list[Any] = []
    scores: list[Any] = []
    for rect in rects:
        actions = rect.get("actions") or ()
        counts.append(len(actions))
        for action in actions:
            ids += action["id"]
            scores += action["score"]
    table = np.full((len(rects), NUM_ACTIONS), np.nan)
    if not sum(counts) == len(ids) == len(scores):
        return None
    if ids:
        slot = _slots(counts, ids, 1, NUM_ACTIONS)
        values = _numbers(scores)
        if slot is None or not _sane(values):
            return None
        table.reshape(-1)[slot] = values
    return table


def _slots(counts: list[int], ids: list[Any], first: int, size: int) -> NDArray[np.int64] | None:
    """Places of (person, id) in a flat (N * size) table; None for a bad or repeated id."""
    if set(map(type, ids)) != {int}:
        return None
    numbers = np.array(ids, np.int64) - first
    if numbers.min() < 0 or numbers.max() >= size:
        return None
    slots: NDArray[np.int64] = np.repeat(np.arange(len(counts)), counts) * size + numbers
    taken = np.zeros(len(counts) * size, np.bool_)
    taken[slots] = True
    return slots if np.count_nonzero(taken) == len(slots) else None


def _parse_carefully(rects: list[dict[str, Any]], where: str, kind: type[People]) -> People:
    """The same one by one: scalars without a list, missing scores, and errors by name."""
    n = len(rects)
    boxes, scores = np.zeros((n, 4)), np.ones(n)
    ids = np.full(n, -1, np.int64)
    keypoints = np.full((n, NUM_JOINTS, 2), np.nan)
    joint_scores = np.zeros((n, NUM_JOINTS))
    actions = np.full((n, NUM_ACTIONS), np.nan)
    has_ids = n > 0 and all("track_id" in r for r in rects)
    owners: dict[int, int] = {}
    for i, rect in enumerate(rects):
        person = f"{where}: person {i}"
        _read_points(rect.get("annopoints") or [], person, keypoints[i], joint_scores[i])
        boxes[i] = _box(rect, keypoints[i], person)
        scores[i] = scalar(rect, "score", person) if "score" in rect else 1.0
        if has_ids:
            ids[i] = number = whole(rect, "track_id", person, -1, 2**53 - 1)
            if number >= 0 and number in owners:
                raise InputError(
                    f"{person} has track_id {number}, as person {owners[number]} has; "
                    "one person per id and frame"
                )
            owners[number] = i
        _read_actions(rect.get("actions") or [], person, actions[i])
    has_pose = any("annopoints" in r for r in rects)
    has_actions = any("actions" in r for r in rects)
    return kind(
        boxes,
        scores,
        ids if has_ids else None,
        keypoints if has_pose else None,
        joint_scores if has_pose else None,
        actions if has_actions else None,
    )


def _box(rect: dict[str, Any], keypoints: NDArray[np.float64], person: str) -> NDArray[np.float64]:
    """A person's box (xyxy); where the record states no corner, the extent of its joints."""
    known = keypoints[np.isfinite(keypoints).all(-1)]
    if len(known) and not any(key in rect for key in BOX_KEYS):
        return extent(known)
    box = np.array([pixel(rect, key, person) for key in BOX_KEYS], np.float64)
    check_box(box, person)
    return box


def check_writable(people: People, where: str) -> None:
    """Refuse what no reader would take back, in the readers' words: ``where: person 4 has ...``."""
    numbers = [people.scores[:, None], people.keypoint_scores]
    if people.action_scores is not None:
        numbers.append(np.where(np.isfinite(people.action_scores), people.action_scores, 0))
    joints = (
        None if people.keypoints is None else np.nan_to_num(people.keypoints, posinf=0, neginf=0)
    )
    ids = people.track_ids
    if (
        _in_range(people.boxes)
        and not (people.boxes[:, 2:] < people.boxes[:, :2]).any()
        and all(values is None or _sane(values) for values in numbers)
        and (joints is None or _in_range(joints))
        and (ids is None or _ids_sound(ids.tolist()))
    ):
        return
    _parse_carefully([_plain(people, i) for i in range(len(people))], where, People)


def _plain(people: People, i: int) -> dict[str, Any]:
    """One person as the record that a file would hold."""
    record: dict[str, Any] = dict(zip(BOX_KEYS, people.boxes[i].tolist(), strict=True))
    record["score"] = float(people.scores[i])
    if people.track_ids is not None:
        record["track_id"] = int(people.track_ids[i])
    if people.keypoints is not None and people.keypoint_scores is not None:
        points = zip(people.keypoints[i].tolist(), people.keypoint_scores[i].tolist(), strict=True)
        record["annopoints"] = {
            "point": [
                {"id": joint, "x": x, "y": y, "score": score}
                for joint, ((x, y), score) in enumerate(points)
                if np.isfinite([x, y]).all()
            ]
        }
    if people.action_scores is not None and np.isfinite(people.action_scores[i]).all():
        scores = people.action_scores[i].tolist()
        record["actions"] = [{"id": n, "score": score} for n, score in enumerate(scores, 1)]
    return record


def _read_points(annopoints: Any, person: str, keypoints: Any, scores: Any) -> None:
    """Fill one person's ``keypoints`` (14, 2) and ``scores`` (14,) from its annopoints."""
    groups = [annopoints] if isinstance(annopoints, dict) else annopoints
    if not isinstance(groups, list):
        raise InputError(f"{person}: annopoints is {shown(annopoints)}; expected a list")
    seen: set[int] = set()
    for group in groups:
        points = group.get("point", []) if isinstance(group, dict) else None
        points = [points] if isinstance(points, dict) else points
        if not isinstance(points, list) or not all(isinstance(p, dict) for p in points):
            raise InputError(f"{person}: annopoints holds no list of points")
        for point in points:
            joint = whole(point, "id", f"{person}: joint", 0, NUM_JOINTS - 1)
            where = f"{person}: joint {joint}"
            if joint in seen:
                raise InputError(f"{where} occurs twice; one point per joint")
            seen.add(joint)
            keypoints[joint] = pixel(point, "x", where), pixel(point, "y", where)
            scores[joint] = scalar(point, "score", where) if "score" in point else 1.0


def _read_actions(actions: Any, person: str, scores: Any) -> None:
    """Fill one person's action ``scores`` (14,)."""
    if not isinstance(actions, list) or not all(isinstance(a, dict) for a in actions):
        raise InputError(f"{person}: actions is not a list of id and score")
    for action in actions:
        number = whole(action, "id", f"{person}: action", 1, NUM_ACTIONS)
        if not np.isnan(scores[number - 1]):
            raise InputError(f"{person}: action {number} occurs twice; one score per action")
        scores[number - 1] = scalar(action, "score", f"{person}: action {number}")
