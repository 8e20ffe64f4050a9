"""Persons of an annolist as JSON text."""

import numpy as np

from hie_cli.core.skeletons import NUM_JOINTS
from hie_cli.core.types import People

# What a written number keeps: hundredths of a pixel, ten-thousandths of a score.
PIXEL_DIGITS, SCORE_DIGITS = 2, 4
_HEAD = '{"x1":[%.10g],"y1":[%.10g],"x2":[%.10g],"y2":[%.10g],"score":[%.10g]'
_POINT = '{"id":[%d],"x":[%.10g],"y":[%.10g],"score":[%.10g]}'
_ACTION = '{"id":[%d],"score":[%.10g]}'


def format_people(
    people: People, pixel_digits: int = PIXEL_DIGITS, score_digits: int = SCORE_DIGITS
) -> str:
    """The ``annorect`` list as JSON text, numbers rounded to the digits given.

    Ten significant digits: every float32 survives, and so do two decimals of any pixel.
    """
    joints = _joint_texts(people, pixel_digits, score_digits)
    actions = _action_texts(people, score_digits)
    ids = None if people.track_ids is None else people.track_ids.tolist()
    heads = np.column_stack([people.boxes, people.scores]).astype(np.float64)
    # float32 -> the decimals it was rounded to; + 0.0 turns -0.0 into 0.0
    heads = np.concatenate(
        [np.round(heads[:, :4], pixel_digits), np.round(heads[:, 4:], score_digits)], axis=1
    )
    records = []
    for i, values in enumerate((heads + 0.0).tolist()):
        text = _HEAD % tuple(values)
        if ids is not None:
            text += f',"track_id":[{ids[i]}]'
        if joints is not None:
            text += f',"annopoints":{joints[i]}'
        if actions is not None and actions[i]:
            text += f',"actions":[{actions[i]}]'
        records.append(text + "}")
    return f"[{','.join(records)}]"


def _joint_texts(people: People, pixel_digits: int, score_digits: int) -> list[str] | None:
    """Each person's annopoints value; missing joints are left out."""
    if people.keypoints is None or people.keypoint_scores is None:
        return None
    n = len(people)
    numbers = np.empty((n, NUM_JOINTS, 4))
    numbers[..., 0] = np.arange(NUM_JOINTS)
    numbers[..., 1:3] = np.round(people.keypoints.astype(np.float64), pixel_digits)
    numbers[..., 3] = np.round(people.keypoint_scores.astype(np.float64), score_digits)
    numbers += 0.0
    present = np.isfinite(numbers[..., 1]) & np.isfinite(numbers[..., 2])
    counts = present.sum(1).tolist()
    flat = numbers[present].reshape(-1).tolist()
    texts, start = [], 0
    for count in counts:
        end = start + 4 * count
        points = ",".join([_POINT] * count) % tuple(flat[start:end])
        texts.append(f'[{{"point":[{points}]}}]' if count else "[]")
        start = end
    return texts


def _action_texts(people: People, score_digits: int) -> list[str] | None:
    """Each person's actions; empty where the row is not finite."""
    if people.action_scores is None:
        return None
    scores = np.round(people.action_scores.astype(np.float64), score_digits) + 0.0
    return [
        ",".join([_ACTION % (a + 1, s) for a, s in enumerate(row)]) if all_finite else ""
        for row, all_finite in zip(scores.tolist(), np.isfinite(scores).all(1), strict=True)
    ]
