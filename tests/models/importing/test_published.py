"""Published files, as they are and converted, from import to tracks; skipped where not at hand."""

import numpy as np
import onnx
import pytest

import hie_cli
from hie_cli.models.importing import importer, picture
from tests.support.published import SEQUENCES, model_file, sequence

pytestmark = [pytest.mark.usefixtures("store"), pytest.mark.slow]
FILES = {
    "rtmdet-nano-person.onnx": "dets-labels",
    "yolox-nano.onnx": "yolox",
    "nanodet-m-416.onnx": "nanodet",
    "person-reid-retail-0287.onnx": "embedding",
    "osnet-x0.25-msmt17.onnx": "embedding",
}
# What a figure of tracking may be lower by and still be as good: on these short sequences the same
# detections differed by as much between two versions of the tracker (TUD-Campus, MOTA .618 and
# .563).
INTERVAL = 0.05


@pytest.mark.parametrize(("name", "layout"), FILES.items())
def test_without_a_manifest(name, layout):
    done = importer.import_model(model_file(name), licence="Apache-2.0")
    assert done.layout == layout
    assert done.seen.startswith(("7 of the 7 people", "7 of 7 people"))
    assert not done.doubts


@pytest.mark.parametrize("name", ["rtmdet-nano-person.onnx", "yolox-nano.onnx"])
def test_in_half_precision(name, tmp_path):
    from onnxruntime.transformers.float16 import convert_float_to_float16

    path = tmp_path / name
    onnx.save(convert_float_to_float16(onnx.load(model_file(name)), keep_io_types=False), path)
    assert importer.import_model(path).seen.startswith("7 of the 7")


def test_in_eight_bits(tmp_path):
    from onnxruntime.quantization import CalibrationDataReader, quantize_static

    class Pictures(CalibrationDataReader):
        def __init__(self):
            views = [v.image for v in (*picture.squares(), *picture.both())]
            self.left = [whole.astype(np.float32).transpose(2, 0, 1)[None] for whole in views]

        def get_next(self):
            if not self.left:
                return None
            given = self.left.pop()
            padded = np.full((1, 3, 416, 416), 114, np.float32)
            step = -(-max(given.shape[2:]) // 416)
            small = given[:, :, ::step, ::step]
            padded[:, :, : small.shape[2], : small.shape[3]] = small
            return {"images": padded}

    from onnx import version_converter

    source, path = tmp_path / "yolox.onnx", tmp_path / "yolox-int8.onnx"
    model = version_converter.convert_version(onnx.load(model_file("yolox-nano.onnx")), 13)
    onnx.save(model, source)
    others = [n.name for n in model.graph.node if n.op_type != "Conv"]
    heads = [n.name for n in model.graph.node if n.op_type == "Conv"][-15:]
    quantize_static(
        str(source), str(path), Pictures(), nodes_to_exclude=[*others, *heads], per_channel=True
    )
    done = importer.import_model(path, accept_doubts=True)
    assert int(done.seen[0]) >= 5, done.seen


def figures(video, truth, frames, model, folder):
    """AP50 of a detector alone, and MOTA and IDF1 of its tracks, on labelled frames."""
    settings = {"detect.models": [model], "pose.mode": "one-pass"}
    list(hie_cli.run(str(video), until="track", set=settings, frames=frames, output=folder))
    rows = truth.read_text().splitlines()
    assert rows
    last = len(hie_cli.read(next((folder / "detect").glob("*.json"))).frames)
    kept = [row for row in rows if int(float(row.split(",")[0])) <= last]
    local = folder / f"{video.stem}.txt"
    local.write_text("\n".join(kept) + "\n")
    found = [
        hie_cli.evaluate(folder / stage, local, track=track, set={"suspicious": "note"}).pooled
        for stage, track in (("detect", "detection"), ("track", "1"))
    ]
    return found[0]["AP50"], found[1]["MOTA"], found[1]["IDF1"]


@pytest.fixture(scope="module")
def packaged():
    """NanoDet's figures by sequence."""
    return {}


@pytest.mark.parametrize("model", ["rtmdet-nano-person", "yolox-nano"])
@pytest.mark.parametrize("name", SEQUENCES)
def test_better_boxes_are_no_worse_tracks(name, model, tmp_path, packaged):
    """Uncalibrated, but for the first guess: a higher AP than NanoDet's, as good tracks."""
    importer.import_model(model_file(f"{model}.onnx"))
    video, truth, frames = sequence(name)
    if name not in packaged:
        packaged[name] = figures(video, truth, frames, "nanodet", tmp_path / "ours")
    ours = packaged[name]
    theirs = figures(video, truth, frames, model, tmp_path / "theirs")
    if theirs[0] > ours[0]:
        assert theirs[1] >= ours[1] - INTERVAL, (theirs, ours)
        assert theirs[2] >= ours[2] - INTERVAL, (theirs, ours)
