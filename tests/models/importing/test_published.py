"""Published files, as they are and converted, from import to tracks; skipped where not at hand."""

from dataclasses import dataclass, replace

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

import hie_cli
from hie_cli.core.errors import ModelError
from hie_cli.core.types import FramePeople, VideoInfo
from hie_cli.evaluation.metrics.detection_ap import accumulate
from hie_cli.formats.truth import read_truth
from hie_cli.models.importing import importer, picture
from tests.support import paired
from tests.support.published import SEQUENCES, model_file, sequence

pytestmark = [pytest.mark.usefixtures("store"), pytest.mark.slow]
FILES = {
    "rtmdet-nano-person.onnx": "dets-labels",
    "yolox-nano.onnx": "yolox",
    "nanodet-m-416.onnx": "nanodet",
    "person-reid-retail-0287.onnx": "embedding",
    "osnet-x0.25-msmt17.onnx": "embedding",
}
RUNS = 8  # on shaken detections


@pytest.mark.parametrize(("name", "layout"), FILES.items())
def test_without_a_manifest(name, layout):
    done = importer.import_model(model_file(name), licence="Apache-2.0")
    assert done.layout == layout
    assert done.seen.startswith(("7 of the 7 people", "7 of 7 people"))
    assert not done.doubts


def in_half_precision(name, path, **options):
    """A published file's fp16 copy at ``path``."""
    from onnxruntime.transformers.float16 import convert_float_to_float16

    onnx.save(convert_float_to_float16(onnx.load(model_file(name)), **options), path)
    return path


@pytest.mark.parametrize("name", ["rtmdet-nano-person.onnx", "yolox-nano.onnx"])
def test_in_half_precision(name, tmp_path):
    path = in_half_precision(name, tmp_path / name, keep_io_types=False)
    assert importer.import_model(path).seen.startswith("7 of the 7")


def test_a_copy_whose_types_contradict_each_other(tmp_path):
    """NanoDet-m lists its constants among its inputs, as older exports do; the converter makes the
    inputs fp16 and forgets constants that Resize needs in fp32.
    """
    name = "nanodet-m-416.onnx"
    path = in_half_precision(name, tmp_path / name, keep_io_types=False)
    with pytest.raises(ModelError, match=r"contradicts itself.* with keep_io_types=True"):
        importer.import_model(path)
    path = in_half_precision(name, tmp_path / "again.onnx", keep_io_types=True)
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


@dataclass(frozen=True)
class Result:
    """What a detector alone comes to: AP50 of its boxes, its tracks against the truth, and MOTA and
    IDF1 (RUNS, 2) of tracks on shaken detections.
    """

    ap50: float
    tracks: paired.Clusters
    people: int
    runs: NDArray[np.float64]


def result(video, truth, frames, model, folder):
    """A detector's boxes and tracks on the labelled ones of ``frames``."""
    settings = {"detect.models": [model], "pose.mode": "one-pass"}
    list(hie_cli.run(str(video), until="track", set=settings, frames=frames, output=folder))
    seen, followed = (
        hie_cli.read(next((folder / stage).glob("*.json"))) for stage in ("detect", "track")
    )
    boxes, tracks = ({f.index: f.people for f in each.frames} for each in (seen, followed))
    (known,) = read_truth(truth).values()
    labelled = [t for t in boxes if t < len(known.frames) and (~known.frames[t].ignore).any()]
    true = [known.frames[t] for t in labelled]
    assert true
    judged = [FramePeople(t, boxes[frame]) for t, frame in enumerate(labelled)]
    ap50 = accumulate(replace(known, frames=tuple(true)), judged).ap(0.5)
    ids = np.unique(np.concatenate([frame.track_ids for frame in true]))
    joined = paired.clusters(true, [tracks[t] for t in labelled], ids)
    size = VideoInfo(seen.name, seen.width, seen.height, seen.fps, seen.num_frames)
    runs = []
    for seed in range(RUNS):
        rng = np.random.default_rng(seed)
        frames = [FramePeople(t, paired.shaken(people, rng)) for t, people in boxes.items()]
        again = {f.index: f.people for f in hie_cli.track(frames, video=size)}
        one = paired.clusters(true, [again[t] for t in labelled], ids)
        runs.append(one.draw(np.ones(len(one.truth))))
    return Result(ap50, joined, len(ids), np.array(runs))


@pytest.fixture(scope="module")
def packaged(tmp_path_factory):
    """Results of the packaged detectors, each once a sequence."""
    known = {}

    def of(name, model):
        if (name, model) not in known:
            folder = tmp_path_factory.mktemp("packaged")
            known[name, model] = result(*sequence(name), model, folder)
        return known[name, model]

    return of


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    """Results of the imported detectors, each once a sequence."""
    known = {}

    def of(name, model):
        if (name, model) not in known:
            importer.import_model(model_file(f"{model}.onnx"))
            folder = tmp_path_factory.mktemp("imported")
            known[name, model] = result(*sequence(name), model, folder)
        return known[name, model]

    return of


@pytest.mark.parametrize("packaged_model", ["nanodet", "movenet-multipose"])
@pytest.mark.parametrize("model", ["rtmdet-nano-person", "yolox-nano"])
@pytest.mark.parametrize("name", SEQUENCES)
def test_better_boxes_are_no_worse_tracks(name, model, packaged_model, packaged, theirs):
    """Uncalibrated: a higher AP than a packaged detector's, and tracks that are not worse than its
    beyond what a paired bootstrap over the people and over shaken detections leaves open (95 %).
    """
    found, ours = theirs(name, model), packaged(name, packaged_model)
    if found.ap50 <= ours.ap50:
        pytest.skip(f"{model} has no better boxes there: {found.ap50:.3f}, {ours.ap50:.3f}")
    runs = (ours.runs, found.runs)
    less, highest = paired.difference(ours.tracks, found.tracks, ours.people, runs)
    assert (highest >= 0).all(), (less, highest)
