"""MOT16, 17 and 20 from their files, distractors included, against TrackEval's own reader."""

import numpy as np
import pytest

from hie_cli.evaluation.metrics import box_tracking
from hie_cli.formats.results import read_results
from hie_cli.formats.truth import read_truth

trackeval = pytest.importorskip("trackeval")
from tests.support import trackeval_oracle  # noqa: E402  needs trackeval

FRAMES = 12


def row(frame, track, box, *tail):
    x, y, w, h = box
    return ",".join(map(str, (frame, track, x, y, w, h, *tail)))


def write_folder(root, benchmark, seed):
    """A sequence with people and boxes of every class, some zero-marked, and a tracker's result."""
    rng = np.random.default_rng(seed)
    name = f"{benchmark}-02"
    classes = [1, 1, 1, 1, 2, 7, 8, 12, 6, 3, 1, 8]
    place = rng.integers(0, 160, (len(classes), 2))
    size = rng.integers(30, 60, (len(classes), 2))
    truth, found = [], []
    for frame in range(1, FRAMES + 1):
        for i, kind in enumerate(classes):
            if rng.random() < 0.15:
                continue
            box = (*(place[i] + 2 * frame), *size[i])
            flag = int(i != 10 and rng.random() > 0.1)
            truth.append(row(frame, i + 1, box, flag, kind, 0.5))
            if rng.random() < 0.8:
                guess = (*(np.array(box) + rng.integers(-6, 7, 4)),)
                track = i + 1 if rng.random() > 0.1 else 50 + i
                found.append(row(frame, track, guess, 0.9, -1, -1, -1))
        # A neighbour close enough to contend for the same box.
        found.append(row(frame, 100, (*(place[4] + 2 * frame + 3), *size[4]), 0.5, -1, -1, -1))
    folder = root / "gt" / f"{benchmark}-train" / name
    (folder / "gt").mkdir(parents=True)
    (folder / "gt" / "gt.txt").write_text("\n".join(truth) + "\n")
    (folder / "seqinfo.ini").write_text(
        f"[Sequence]\nname={name}\nframeRate=30\nseqLength={FRAMES}\nimWidth=400\nimHeight=400\n"
    )
    (root / "gt" / "seqmaps").mkdir()
    (root / "gt" / "seqmaps" / f"{benchmark}-train.txt").write_text(f"name\n{name}\n")
    data = root / "trackers" / f"{benchmark}-train" / "ours" / "data"
    data.mkdir(parents=True)
    (data / f"{name}.txt").write_text("\n".join(found) + "\n")
    return folder, data / f"{name}.txt"


def trackeval_on_files(root, benchmark):
    """TrackEval's figures with its own reader and preprocessing."""
    dataset = trackeval.datasets.MotChallenge2DBox(
        {
            "GT_FOLDER": str(root / "gt"),
            "TRACKERS_FOLDER": str(root / "trackers"),
            "BENCHMARK": benchmark,
            "SPLIT_TO_EVAL": "train",
            "PRINT_CONFIG": False,
        }
    )
    raw = dataset.get_raw_seq_data("ours", f"{benchmark}-02")
    data = dataset.get_preprocessed_seq_data(raw, "pedestrian")
    return [metric.eval_sequence(data) for metric in trackeval_oracle.METRICS]


@pytest.mark.parametrize("benchmark", ["MOT16", "MOT17", "MOT20"])
@pytest.mark.parametrize("seed", range(5))
def test_equals_trackeval_from_the_files(tmp_path, benchmark, seed):
    truth_path, found_path = write_folder(tmp_path, benchmark, seed)
    (truth,) = read_truth(truth_path).values()
    (found,) = read_results(found_path).values()
    theirs = trackeval_on_files(tmp_path, benchmark)
    trackeval_oracle.assert_equal(box_tracking.accumulate(truth, found), theirs)


def test_a_distractor_takes_its_detection_along_and_a_zero_marked_person_does_not(tmp_path):
    gt = [row(1, 1, (0, 0, 20, 40), 1, 1, 1)]
    gt += [row(1, 2, (100, 0, 20, 40), 0, 8, 1), row(1, 3, (200, 0, 20, 40), 0, 1, 1)]
    (tmp_path / "gt").mkdir()
    (tmp_path / "gt" / "gt.txt").write_text("\n".join(gt))
    (truth,) = read_truth(tmp_path).values()
    boxes = enumerate(((0, 0, 20, 40), (100, 0, 20, 40), (200, 0, 20, 40)), 1)
    (tmp_path / "out.txt").write_text("\n".join(row(1, i, b, 1, -1, -1, -1) for i, b in boxes))
    (found,) = read_results(tmp_path / "out.txt", "mot").values()
    # Person 1 is right; 2 stands on a distractor; 3 stands on a zero-marked person.
    drop, match = (
        box_tracking.accumulate(truth, found, ignore).clear for ignore in ("drop", "match")
    )
    assert (drop.tp, drop.fp, drop.fn) == (1, 1, 0)
    assert (match.tp, match.fp, match.fn) == (1, 0, 0)
