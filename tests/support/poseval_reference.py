"""PoseTrack's protocol once more: slow, person by person and joint by joint, tracks by motmetrics.

Written from the description of the protocol, without sharing anything with the package but the data
types. ``compat`` counts as poseval does (see ``reference_sums``).
"""

import math

import motmetrics
import numpy as np


def reference_size(truth, row):
    """0.6 x diagonal of the head box, or of the person's box where there is none."""
    box = truth.boxes[row]
    if truth.head_boxes is not None and not np.isnan(truth.head_boxes[row]).any():
        box = truth.head_boxes[row]
    x1, y1, x2, y2 = (round(float(v), 3) for v in box)
    return 0.6 * math.hypot(x2 - x1, y2 - y1)


def joints_of(keypoints, row, visible=None):
    """{joint: (x, y)} of one person; only joints that are ``visible``, if given."""
    found = {}
    for joint in range(14):
        x, y = (round(float(v), 3) for v in keypoints[row, joint])
        if not math.isnan(x) and (visible is None or visible[row, joint] == 1):
            found[joint] = (x, y)
    return found


def frame_events(truth, people, alpha):
    """Per joint: ids of true joints, ids of predicted joints, matrix of distances or NaN."""
    true, found = [], []
    for row in range(len(truth)):
        joints = joints_of(truth.keypoints, row, truth.visibility)
        if joints:
            true.append((int(truth.track_ids[row]), reference_size(truth, row), joints))
    for row in range(len(people)):
        joints = joints_of(people.keypoints, row)
        if joints:
            found.append((int(people.track_ids[row]), joints))
    events = []
    for joint in range(14):
        here = [(i, size, joints[joint]) for i, size, joints in true if joint in joints]
        there = [(i, joints[joint]) for i, joints in found if joint in joints]
        matrix = np.full((len(here), len(there)), np.nan)
        for a, (_, size, p) in enumerate(here):
            for b, (_, q) in enumerate(there):
                distance = math.dist(p, q) / size
                if distance <= alpha:
                    matrix[a, b] = distance
        events.append(([i for i, _, _ in here], [i for i, _ in there], matrix))
    return events, bool(true), bool(found)


def reference_sums(truth, people, alpha=0.5, compat="none"):
    """(objects, predictions, detections, switches, distance), each (14,).

    ``compat="poseval"``: frames without annotated persons vanish, the last frame left is not
    counted, and a frame lacking poses on one side becomes one lost object 0 and one false 0.
    """
    frames = [
        (truth.frames[entry.index], entry.people)
        for entry in people
        if truth.frames[entry.index].annotated
    ]
    if compat == "poseval":
        frames = [frame for frame in frames if len(frame[0])][:-1]
    accumulators = [motmetrics.MOTAccumulator(auto_id=True) for _ in range(14)]
    for true, found in frames:
        events, some_true, some_found = frame_events(true, found, alpha)
        if compat == "poseval" and not (some_true and some_found):
            events = [([0], [0], np.array([[np.nan]]))] * 14
        for accumulator, event in zip(accumulators, events, strict=True):
            accumulator.update(*event)
    sums = np.zeros((5, 14))
    for joint, accumulator in enumerate(accumulators):
        events = accumulator.mot_events
        matched = events[events.Type.isin(["MATCH", "SWITCH"])]
        sums[0, joint] = len(matched) + (events.Type == "MISS").sum()
        sums[1, joint] = len(matched) + (events.Type == "FP").sum()
        sums[2, joint] = len(matched)
        sums[3, joint] = (events.Type == "SWITCH").sum()
        sums[4, joint] = matched.D.sum()
    return sums


def reference_ap(frames, alpha):
    """AP of each joint (14,) at ``alpha``, as poseval counts it, person by person."""
    rows = [[] for _ in range(14)]
    total = [0] * 14
    for truth, people in frames:
        if len(truth) == 0:
            continue
        persons = []
        for g in range(len(truth)):
            joints = {
                j: p
                for j, p in enumerate(truth.keypoints[g].astype(float))
                if p[0] == p[0] and truth.visibility[g, j] == 1
            }
            if joints:
                w, h = truth.boxes[g, 2:].astype(float) - truth.boxes[g, :2].astype(float)
                persons.append((joints, 0.6 * (w * w + h * h) ** 0.5))
                for j in joints:
                    total[j] += 1
        predictions = []
        for p in range(len(people)):
            pose = people.keypoints[p].astype(float)
            joints = {
                j: (q, float(people.keypoint_scores[p, j]))
                for j, q in enumerate(pose)
                if q[0] == q[0]
            }
            if joints:
                predictions.append(joints)

        def right(prediction, person, j):
            joints, size = person
            if j not in joints or j not in prediction:
                return False
            d = prediction[j][0] - joints[j]
            return (d[0] ** 2 + d[1] ** 2) ** 0.5 / size <= alpha

        owner = {}
        claims = {}
        for p, prediction in enumerate(predictions):
            best, best_share = None, 0.0
            for g, person in enumerate(persons):
                share = sum(right(prediction, person, j) for j in range(14)) / len(person[0])
                if share > best_share:
                    best, best_share = g, share
            if best is not None and best_share > claims.get(best, (0.0, None))[0]:
                claims[best] = (best_share, p)
        for g, (_, p) in claims.items():
            owner[p] = g
        for p, prediction in enumerate(predictions):
            for j, (_, score) in prediction.items():
                hit = p in owner and right(prediction, persons[owner[p]], j)
                rows[j].append((score, hit))
    values = []
    for j in range(14):
        if not rows[j]:
            values.append(0.0)
            continue
        if total[j] == 0:
            values.append(float("nan"))
            continue
        ranked = [rows[j][i] for i in np.argsort([score for score, _ in rows[j]])[::-1]]
        points, true = [], 0
        for n, (_, hit) in enumerate(ranked, 1):
            true += hit
            points.append((true / total[j], true / n))
        value, before = 0.0, 0.0
        for i, (recall, _) in enumerate(points):
            value += (recall - before) * max(p for _, p in points[i:])
            before = recall
        values.append(value)
    return np.array(values)
