"""A hash head learned from class folders, resumed, and used by an index."""

import json

import cv2
import numpy as np
import pytest

from hie_cli import ConfigError, InputError, mine_index, train_hash
from hie_cli.cli.app import run
from hie_cli.evaluation.metrics.retrieval_map import retrieval_map
from hie_cli.retrieval.codes import hamming_distances
from hie_cli.retrieval.encoder import load_encoder
from hie_cli.training.hash.data import find_items, labels_of, split
from hie_cli.training.hash.head import HashHead
from hie_cli.training.hash.learning import Labelled, codes_of, train_head
from hie_cli.training.hash.settings import HashConfig
from hie_cli.training.hash.train_hash import encoder_of


def clusters(seed, each=24, classes=4, size=32):
    """Features about a direction a class."""
    generator = np.random.default_rng(seed)
    centers = np.random.default_rng(0).normal(size=(classes, size))
    labels = np.repeat(np.arange(classes), each)
    features = centers[labels] + 0.4 * generator.normal(size=(len(labels), size))
    return Labelled(features.astype(np.float32), labels[:, None] == np.arange(classes))


@pytest.mark.parametrize("loss", ["csq", "dpsh", "hashnet", "dtsh"])
def test_a_head_ranks_new_samples_by_class(tmp_path, loss):
    config = HashConfig(bits=16, loss=loss, epochs=20, learning_rate=0.003, batch=16)
    head, learned = train_head(clusters(1), clusters(2, 8), config, tmp_path)
    queries, database = clusters(3, 6), clusters(1)
    distances = hamming_distances(
        codes_of(head, queries.features), codes_of(head, database.features)
    )
    relevance = queries.labels.astype(int) @ database.labels.T.astype(int) > 0
    assert retrieval_map(distances, relevance).usual > 0.85
    assert learned.history[learned.best_epoch]["mAP_usual"] > 0.85


def test_interrupted_training_goes_on_to_the_same_weights(tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for folder in (whole, parts):
        folder.mkdir()
    data, val = clusters(1), clusters(2, 8)
    config = HashConfig(bits=16, epochs=4, batch=16)
    first, _ = train_head(data, val, config, whole)
    train_head(data, val, HashConfig(bits=16, epochs=4, batch=16), parts)
    again, _ = train_head(data, val, config, parts, resume=True)
    for key, value in first.state_dict().items():
        assert (value == again.state_dict()[key]).all()


def photos(folder, name, hue, count):
    (folder / name).mkdir(parents=True)
    for k in range(count):
        hsv = np.full((64, 64, 3), (hue, 200, 120 + 10 * k), np.uint8)
        cv2.imwrite(str(folder / name / f"{k}.png"), cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR))


@pytest.fixture
def folders(tmp_path):
    data = tmp_path / "data"
    photos(data, "red", 0, 5)
    photos(data, "blue", 120, 5)
    photos(data, "red+blue", 150, 3)
    return data


def test_folders_are_classes_and_a_plus_joins_two(folders):
    items, classes = find_items([folders])
    assert classes == ["blue", "red"]
    assert len(items) == 13
    assert labels_of(items, 2).sum(axis=0).tolist() == [8, 8]
    training, validation = split(items, 0.2, seed=1)
    assert (len(training), len(validation)) == (10, 3)
    assert {item.classes for item in validation} == {(0,), (1,), (1, 0)}


def test_a_class_may_be_a_cut_list(tmp_path, make_video):
    """What searches leave: results.jpg beside cuts.json is no example of the class."""
    video = make_video("long.avi", frames=20)
    for name, cuts in {"dark": [[0, 4], [4, 8]], "bright": [[12, 16]]}.items():
        (tmp_path / "found" / name).mkdir(parents=True)
        (tmp_path / "found" / name / "results.jpg").touch()
        record = {"cuts": [{"video": "long", "frames": frames} for frames in cuts]}
        (tmp_path / "found" / name / "cuts.json").write_text(json.dumps(record))
    items, classes = find_items([tmp_path / "found"], [video])
    assert classes == ["bright", "dark"]
    assert [(i.classes, i.clip, i.frames.first, i.frames.end) for i in items] == [
        ((0,), True, 12, 16),
        ((1,), True, 0, 4),
        ((1,), True, 4, 8),
    ]
    with pytest.raises(InputError, match="no such file as 'long'"):
        train_hash(tmp_path / "found", output=tmp_path / "hash")


def test_the_code_of_an_encoder_is_that_of_its_head():
    head = HashHead(8, 16, 0.5).eval()
    features = np.random.default_rng(0).normal(size=(5, 8)).astype(np.float32)
    encoder = encoder_of(head, "any", "", {})
    assert (encoder.encode(features) == codes_of(head, features)).all()


def test_an_encoder_is_trained_and_used(folders, tmp_path, make_video):
    output = tmp_path / "hash"
    done = train_hash(folders, output=output, set={"bits": 16, "epochs": 3, "batch": 4})
    assert done.classes == ["blue", "red"]
    encoder = load_encoder(output)
    assert (encoder.bits, encoder.features, encoder.backbone) == (16, 1280, "mobilenet-v2")
    assert json.loads((output / "card.json").read_text())["about"]["numbers"] == done.numbers
    report = mine_index(make_video(), output=tmp_path / "index", encoder=output)
    assert report.items == 1
    assert load_encoder(tmp_path / "index" / "encoder").sha256 == encoder.sha256
    with pytest.raises(ConfigError, match="already there"):
        run(["train", "hash", str(folders), "-o", str(output)])


def test_an_encoder_is_kept_until_there_is_something_to_learn_from(folders, tmp_path):
    output = tmp_path / "hash"
    train_hash(folders, output=output, set={"bits": 16, "epochs": 1, "batch": 4})
    kept = (output / "card.json").read_bytes()
    with pytest.raises(InputError, match="not a folder"):
        train_hash(tmp_path / "none", output=output, overwrite=True)
    assert (output / "card.json").read_bytes() == kept


def test_what_cannot_be_learned_from_is_said(tmp_path, folders):
    with pytest.raises(InputError, match="not a folder"):
        train_hash(tmp_path / "none", output=tmp_path / "o")
    (folders / "empty").mkdir()
    with pytest.raises(InputError, match="no image or video"):
        train_hash(folders, output=tmp_path / "o")
    with pytest.raises(ConfigError, match="multiple of 8"):
        train_hash(folders, output=tmp_path / "o", set={"bits": 12})
