"""The field's .h5 files: read, refused, scored with splits; how far users agree."""

import json

import h5py
import numpy as np
import pytest

from hie_cli import ConfigError, InputError, evaluate_summaries, summary_agreement
from hie_cli.cli.app import run
from hie_cli.summary.dataset import read_datasets, read_splits
from hie_cli.summary.protocol import human_figures, score_video, uniform_choice
from hie_cli.summary.scorers import ctvsum
from tests.support.published import data_file
from tests.support.summaries import made_dataset, made_video, tsv_of


@pytest.fixture
def data(tmp_path):
    made_dataset(tmp_path / "tiny.h5")
    return tmp_path / "tiny.h5"


def splits_file(path, *pairs):
    path.write_text(json.dumps([{"train_keys": a, "test_keys": b} for a, b in pairs]))
    return path


def test_a_data_set_comes_back_as_written(tmp_path):
    made = made_dataset(tmp_path / "tiny.h5", count=11)
    found = read_datasets([tmp_path / "tiny.h5"])
    assert [v.key for v in found] == [f"tiny/video_{k}" for k in range(1, 12)]  # 10 after 9
    for a, b in zip(made, found, strict=True):
        for name in ("features", "picks", "shots", "gtscore", "users"):
            assert np.array_equal(getattr(a, name), getattr(b, name)), name
    with h5py.File(tmp_path / "tiny.h5") as file:
        assert file["video_1/n_frame_per_seg"][()].sum() == file["video_1/n_frames"][()]


def test_true_scores_beat_every_baseline(data):
    video = read_datasets([data])[0]
    users = 1.0 + video.users
    true = score_video(video, video.gtscore, users, 0.5)
    assert true.f_mean > 0.5
    assert true.tau > 0.5
    assert true.rho > 0.5
    turned = score_video(video, -video.gtscore, users, 0.5)
    assert (turned.tau, turned.rho) == pytest.approx((-true.tau, -true.rho))


def test_one_user_alone_is_matched_in_full():
    video = made_video(1, users=1)
    chosen = np.zeros(video.num_frames, bool)
    first, last = video.shots[1]
    chosen[first : last + 1] = True
    video = type(video)(**{**vars(video), "users": chosen[None]})
    scores = np.array([float(first <= pick <= last) for pick in video.picks])
    found = score_video(video, scores, None, (last - first + 1) / video.num_frames)
    assert found.f_max == 1
    assert np.isnan(human_figures(video, None).f_max)  # nobody to compare with


def test_uniform_summaries_are_spread():
    video = made_video(1)
    video = type(video)(**{**vars(video), "shots": np.arange(597).reshape(-1, 3)[:, [0, 2]]})
    chosen = np.flatnonzero(uniform_choice(video, 0.1))
    assert len(chosen) == 57  # 19 shots of 3 frames in floor(59.7)
    assert np.ptp(np.diff(chosen[::3])) <= 6


def test_report_has_all_rows_and_splits(data, tmp_path):
    names = [f"video_{k}" for k in (1, 2, 3, 4)]
    splits = splits_file(
        tmp_path / "splits.json", (names[:2], names[2:]), (names[2:], [f"x/tiny.h5/{names[0]}"])
    )
    users = tsv_of(tmp_path / "anno.tsv", read_datasets([data]))
    report = evaluate_summaries(data, splits=splits, users=users)
    assert [row.method for row in report.rows] == [
        "ctvsum", "random", "uniform", "constant", "human",
    ]  # fmt: skip
    rows = {row.method: row for row in report.rows}
    assert len(rows["ctvsum"].splits) == 2
    video = next(v for v in read_datasets([data]) if v.key == "tiny/video_1")
    given = 1.0 + 3 * video.users
    alone = score_video(video, ctvsum(video.features), given, 0.15)
    assert rows["ctvsum"].splits[1] == alone  # the second split tests that video alone
    assert rows["constant"].mean.tau == 0
    assert abs(rows["random"].mean.tau) < 0.05
    assert rows["human"].mean.tau > 0.5
    assert report.table().splitlines()[1].startswith("ctvsum")
    assert report.record()["rows"][0]["splits"][1]["tau"] == round(alone.tau, 4)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("features", np.full((40, 3), np.nan), "sample 0: features that are no numbers"),
        ("features", np.zeros(3), "features of shape"),
        ("picks", np.arange(39), "39 picks for 40 samples"),
        ("picks", np.arange(40)[::-1], "expected ascending"),
        ("n_frames", 0, "n_frames"),
        ("change_points", [[5, 2]], "in order"),
        ("change_points", [[0, 9999]], "lie beyond"),
        ("gtscore", np.full(40, np.inf), "gtscore"),
        ("user_summary", np.zeros(5), "user_summary"),
        ("features", np.array([b"text"]), "holds no numbers"),
    ],
)
def test_what_is_wrong_in_a_file_is_one_line(data, name, value, message):
    with h5py.File(data, "a") as file:
        del file[f"video_2/{name}"]
        file[f"video_2/{name}"] = value
    with pytest.raises(InputError, match=f"video_2.*{message}"):
        read_datasets([data])


def test_nothing_outside_the_file_is_opened(data, tmp_path):
    made_dataset(tmp_path / "other.h5")
    with h5py.File(data, "a") as file:
        del file["video_1/features"]
        file["video_1/features"] = h5py.ExternalLink("other.h5", "/video_1/features")
    with pytest.raises(InputError, match="no array in this file"):
        read_datasets([data])
    raw = tmp_path / "raw"
    raw.write_bytes(bytes(40 * 12 * 4))
    with h5py.File(data, "a") as file:
        del file["video_1/features"]
        outside = [(str(raw), 0, 40 * 12 * 4)]
        file["video_1"].create_dataset("features", (40, 12), "f4", external=outside)
    with pytest.raises(InputError, match="lies in another file"):
        read_datasets([data])


def test_other_files_are_refused(tmp_path, data):
    (tmp_path / "text.h5").write_text("no HDF5")
    with pytest.raises(InputError, match="not an HDF5 file"):
        read_datasets([tmp_path / "text.h5"])
    whole = data.read_bytes()
    (tmp_path / "cut.h5").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="not an HDF5 file"):
        read_datasets([tmp_path / "cut.h5"])
    with h5py.File(tmp_path / "empty.h5", "w"):
        pass
    with pytest.raises(InputError, match="holds no video"):
        read_datasets([tmp_path / "empty.h5"])
    with pytest.raises(InputError, match="given twice"):
        read_datasets([data, data])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "not a list"),
        ('[{"train_keys": ["video_1"]}]', "split 0: test_keys"),
        ('[{"train_keys": ["video_1"], "test_keys": ["video_9"]}]', "'video_9' is not in the data"),
        ('[{"train_keys": ["summe.h5/video_1"], "test_keys": ["video_2"]}]', "is not in the data"),
        ('[{"train_keys": ["video_1"], "test_keys": ["tiny/video_1"]}]', "in both parts"),
    ],
)
def test_wrong_splits_are_one_line(tmp_path, text, message):
    (tmp_path / "splits.json").write_text(text)
    with pytest.raises(InputError, match=message):
        read_splits(tmp_path / "splits.json", ["tiny/video_1", "tiny/video_2"])


def test_users_of_other_videos_are_refused(data, tmp_path):
    others = [made_video(k, samples=50) for k in (1, 2, 3, 4)]
    with pytest.raises(InputError, match="the scores are of another data set"):
        evaluate_summaries(data, users=tsv_of(tmp_path / "anno.tsv", others))
    with pytest.raises(ConfigError, match="did you mean 'ctvsum'"):
        evaluate_summaries(data, methods=["ctvsun"])
    with pytest.raises(ConfigError, match="--share 0"):
        evaluate_summaries(data, share=0)


def test_commands(data, tmp_path, capsys):
    assert run(["summary", "eval", str(data), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["method"] for row in rows][-1] == "human"
    users = tsv_of(tmp_path / "anno.tsv", read_datasets([data]))
    assert run(["summary", "agreement", str(users)]) == 0
    assert "a user and another user" in capsys.readouterr().out


def test_tvsums_users_agree_as_published():
    """M. Otani et al. 2019: tau .177, rho .204 between users."""
    found = summary_agreement(data_file("tvsum/ydata-tvsum50.mat"))
    assert found.videos == 50
    assert (found.tau, found.rho) == pytest.approx((0.177, 0.204), abs=5e-4)
    assert (found.other_tau, found.other_rho) == pytest.approx((0.314, 0.396), abs=5e-4)
    assert (found.all_tau, found.all_rho) == pytest.approx((0.378, 0.473), abs=5e-4)
