import pytest

from hie_cli.core.errors import ConfigError
from hie_cli.training.data.mix import read_mix

GOOD = "sources: [{truth: a/gt.txt, images: [a.mp4], val: ['1?'], weight: 3}, {simulate: 4}]"


def written(tmp_path, text):
    path = tmp_path / "data.yaml"
    path.write_text(text)
    return path


def test_paths_count_from_the_file(tmp_path):
    mix = read_mix(written(tmp_path, GOOD))
    first, second = mix.sources
    assert first.truth == tmp_path / "a/gt.txt"
    assert first.images == (str(tmp_path / "a.mp4"),)
    assert (first.weight, second.weight, second.simulate) == (3.0, 1.0, 4)


def test_videos_and_stills_are_held_out_by_pattern(tmp_path):
    mix = read_mix(written(tmp_path, f"{GOOD}\nval: [still-3]"))
    source = mix.sources[0]
    assert mix.held_out(source, "12", "")
    assert not mix.held_out(source, "2", "")
    assert mix.held_out(source, "coco", "images/still-3.jpg")
    assert not mix.held_out(source, "coco", "images/still-4.jpg")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sources: []", "sources: empty"),
        ("val: [a]", "sources: missing"),
        ("sources: [{images: [a]}]", "one of truth, documents or simulate"),
        ("sources: [{truth: a, documents: b, images: [a]}]", "one of truth"),
        ("sources: [{truth: a}]", "images: missing"),
        ("sources: [{simulate: 2, weight: 0}]", "weight: expected more than 0"),
        ("sources: [{simulate: 2, wieght: 1}]", "did you mean 'weight'"),
        ("sources: [7]", "mapping"),
        ("sources: [{simulate: 2, frames: 'x:y'}]", "data.yaml: sources: 2 .*: frames x:y: exp"),
    ],
)
def test_what_is_wrong_names_the_key(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        read_mix(written(tmp_path, text))
