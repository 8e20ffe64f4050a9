import json

import numpy as np
import pytest

from hie_cli.core.errors import InputError
from hie_cli.formats.truth import read_truth

LINE = {
    "ID": "273271,c9db000d5146c15",
    "gtboxes": [
        {"tag": "person", "fbox": [72, 202, 163, 503], "vbox": [72, 202, 163, 398],
         "hbox": [171, 208, 62, 83], "extra": {"box_id": 0, "occ": 0}},
        {"tag": "person", "fbox": [-10, 5, 30, 60], "extra": {"ignore": 1}},
        {"tag": "mask", "fbox": [400, 10, 50, 40], "extra": {}},
    ],
}  # fmt: skip


def written(tmp_path, *lines):
    path = tmp_path / "annotation_val.odgt"
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\n")
    return path


def test_a_line_is_an_image(tmp_path):
    path = written(tmp_path, LINE, {"ID": "2", "gtboxes": []})
    sequence = read_truth(path)["annotation_val"]
    first, second = sequence.frames
    # Left, top, width, height: 72 + 163 = 235, 202 + 503 = 705; full bodies may leave the image.
    expected = [[72, 202, 235, 705], [-10, 5, 20, 65], [400, 10, 450, 50]]
    np.testing.assert_array_equal(first.boxes, expected)
    assert first.ignore.tolist() == [False, True, True]
    assert (first.image, second.image) == ("273271,c9db000d5146c15.jpg", "2.jpg")
    assert len(second) == 0
    assert second.annotated
    assert dict(sequence.dropped) == {"boxes of heads and visible parts": 2}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"gtboxes": []}, "line 2: ID"),
        ({"ID": "2"}, "line 2: no list gtboxes"),
        ({"ID": "2", "gtboxes": [{"tag": "person"}]}, "line 2: box 0: fbox"),
        ({"ID": "2", "gtboxes": [{"fbox": [1, 2, 3, "x"]}]}, "line 2: box 0: fbox"),
        (7, "line 2: ID"),
    ],
)
def test_what_is_wrong_names_the_line(tmp_path, line, message):
    with pytest.raises(InputError, match=message):
        read_truth(written(tmp_path, LINE, line))["annotation_val"]
