"""The video head: it sees order in time, and an index gives the codes that it was trained to."""

import cv2
import numpy as np
import pytest

from hie_cli import ConfigError, mine_index, mine_search, train_hash
from hie_cli.retrieval.clips import ClipSampling
from hie_cli.retrieval.encoder import load_encoder, save_encoder
from hie_cli.training.hash.clip_head import ClipHead
from hie_cli.training.hash.learning import Labelled, codes_of, ranking, train_head
from hie_cli.training.hash.settings import HashConfig
from hie_cli.training.hash.train_hash import encoder_of


def clips(seed, each=40, length=8, size=16):
    """Two classes with the same frames: features turn from A to B, or from B to A."""
    generator = np.random.default_rng(seed)
    ends = np.random.default_rng(0).normal(size=(2, size))
    share = np.linspace(0, 1, length)[:, None]
    forward = (1 - share) * ends[0] + share * ends[1]
    features = np.concatenate([[forward] * each, [forward[::-1]] * each])
    features = features + 0.2 * generator.normal(size=features.shape)
    features /= np.linalg.norm(features, axis=2, keepdims=True)
    labels = np.repeat([0, 1], each)[:, None] == np.arange(2)
    return Labelled(features.astype(np.float32), labels)


def test_order_in_time_is_learned(tmp_path):
    """The mean over time, of which nothing can be learned, would give a mAP of about .5."""
    config = HashConfig(bits=16, epochs=6, batch=16)
    head, _ = train_head(clips(1), clips(2, 10), config, tmp_path)
    assert isinstance(head, ClipHead)
    assert ranking(head, clips(3, 10), clips(1)).usual > 0.9


def test_an_encoder_of_clips_gives_the_codes_of_its_head(tmp_path):
    head = ClipHead(16, 24).eval()
    data = clips(1, 3)
    save_encoder(tmp_path, encoder_of(head, "any", "", {}, ClipSampling(8, 0.5)))
    encoder = load_encoder(tmp_path)
    assert encoder.clip is not None
    assert encoder.clip.sampling == ClipSampling(8, 0.5)
    vectors = encoder.clip.vectors(data.features)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(6), abs=1e-5)
    assert (encoder.encode(vectors) == codes_of(head, data.features)).all()


def film(path, hue, seed):
    """One second: tiles of one hue that run to the right."""
    generator = np.random.default_rng(seed)
    hsv = np.full((6, 8, 3), (hue, 200, 200), np.uint8)
    hsv[..., 2] = generator.integers(60, 255, (6, 8))
    picture = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)
    picture = cv2.resize(picture, (64, 48), interpolation=cv2.INTER_NEAREST)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (64, 48))
    for t in range(10):
        writer.write(np.roll(picture, 4 * t, 1))
    writer.release()
    return path


def test_clips_are_learned_indexed_and_found(tmp_path):
    for name, hue in (("red", 0), ("blue", 120)):
        (tmp_path / "data" / name).mkdir(parents=True)
        for k in range(3):
            film(tmp_path / "data" / name / f"{name}{k}.avi", hue, k)
    sets = {"bits": 16, "epochs": 4, "batch": 4, "frames": 4, "interval": 0.2, "clips": 1}
    done = train_hash(tmp_path / "data", output=tmp_path / "hash", set=sets)
    assert done.classes == ["blue", "red"]
    pool = tmp_path / "pool"
    pool.mkdir()
    film(pool / "warm.avi", 0, 7)
    film(pool / "cold.avi", 120, 8)
    with pytest.raises(ConfigError, match="codes clips"):
        mine_index(pool, output=tmp_path / "no", encoder=tmp_path / "hash", levels=["frames"])
    index = tmp_path / "index"
    assert mine_index(pool, output=index, encoder=tmp_path / "hash", every=0.5).items == 2
    query = film(tmp_path / "query.avi", 0, 9)
    found = mine_search(index, query, near=0.0, own=True)
    assert [result.item.video for result in found] == ["warm", "cold"]
    cv2.imwrite(str(tmp_path / "blue.png"), np.full((48, 64, 3), (200, 40, 40), np.uint8))
    assert mine_search(index, tmp_path / "blue.png", near=0.0)[0].item.video == "cold"
    # The same command again adds; another encoder is refused.
    film(pool / "late.avi", 60, 10)
    again = mine_index(pool, output=index, encoder=tmp_path / "hash", every=0.5)
    assert (again.added, again.items) == (["late"], 3)
    train_hash(tmp_path / "data", output=tmp_path / "other", set={**sets, "seed": 1})
    with pytest.raises(ConfigError, match="other settings"):
        mine_index(pool, output=index, encoder=tmp_path / "other", every=0.5)
