"""What is fuzzed: whole files of every kind, how they are damaged, and what then reads them."""

import json
import os
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from hie_cli.analysis.zones import read_zones
from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.errors import HieError
from hie_cli.formats.sequence import ResultSequence, VideoSequence, of_results, of_truth
from hie_cli.formats.writers import targets, write
from hie_cli.models.benchmark import Speed
from hie_cli.recognition.kinematic import decision
from hie_cli.training.data.mix import read_mix
from tests.fuzz import media, models
from tests.fuzz.archives import damaged
from tests.fuzz.mutations import (
    Mutation,
    damage_bytes,
    damage_json,
    damage_table,
    damage_xml,
    damage_yaml,
)
from tests.support.paths import ROOT
from tests.support.sequences import random_results, random_truth

STRUCTURE: dict[str, Mutation] = {
    ".json": damage_json,
    ".txt": damage_table,
    ".csv": damage_table,
    ".ini": damage_table,
    ".xml": damage_xml,
    ".yaml": damage_yaml,
    ".odgt": damage_table,
    ".parquet": damage_bytes,
    ".safetensors": damage_bytes,
    ".onnx": damage_bytes,
}


@dataclass(frozen=True)
class Subject:
    """One kind of file: ``make`` puts a damaged one into a folder and gives what ``read`` takes."""

    name: str
    make: Callable[[Path, random.Random], Path]
    read: Callable[[Path], object]


def subjects(seed_folder: Path) -> list[Subject]:
    """Every subject; whole files are written below ``seed_folder`` once."""
    files = _whole_files(seed_folder)
    found = [
        Subject(name, partial(_damaged_file, file), read_everything)
        for name, file in files.items()
        if file.suffix != ".ini"
    ]
    members = {file.name: file.read_bytes() for file in files.values() if file.suffix == ".txt"}
    annolists = {"20.json": files["annolist"].read_bytes(), "a/21.json": b'{"annolist":[]}'}
    frames = {f"labels/1/{t:06d}.xml": files["hieve-xml"].read_bytes() for t in range(3)}
    for ending in (".zip", ".tar", ".tar.gz", ".gz"):
        for kind, content in (("text", members), ("annolist", annolists), ("xml", frames)):
            make = partial(_damaged_archive, content, ending)
            found.append(Subject(f"{kind}{ending}", make, read_everything))
    found.append(
        Subject("seqinfo", partial(_damaged_seqinfo, files["mot-seqinfo"]), read_everything)
    )
    listed = partial(_damaged_file, files["coco-list"])
    found.append(Subject("coco-results", listed, partial(read_list, images=files["coco"])))
    for track in (1, 2, 3, 4):
        content = members if track == 1 else annolists
        make = partial(_damaged_archive, content, ".zip")
        found.append(Subject(f"submission {track}", make, partial(check_submission, track=track)))
    for name in ("annolist-results", "mot-results", "document-results", "posetrack18-results"):
        read = partial(evaluate, truth=files["document"])
        found.append(Subject(f"eval {name}", partial(_damaged_file, files[name]), read))
    configs = sorted((ROOT / "configs").glob("*.yaml"))
    found += [Subject(f"config {c.name}", partial(_damaged_file, c), load_config) for c in configs]
    found.append(Subject("sets", _damaged_sets, load_sets))
    zones = seed_folder / "zones.yaml"
    zones.write_text(
        "size: [1280, 720]\nframe: 3\nlines:\n  door: [[100, 200], [300.5, 200]]\n"
        "zones:\n  hall: [[0, 0], [640, 0], [640, 720]]\nground:\n"
        "  pixels: [[0, 0], [640, 0], [640, 720], [0, 720]]\n"
        "  metres: [[0, 0], [6, 0], [6, 9], [0, 9]]\n"
    )
    found.append(Subject("zones", partial(_damaged_file, zones), read_zones))
    manifest = partial(_damaged_file, files["manifest"])
    found.append(Subject("manifest", manifest, read_manifest))
    found.append(Subject("models folder", manifest, list_models))
    document = partial(_damaged_file, files["document"])
    found.append(Subject("resume", document, partial(resume, whole=files["document"])))
    found.append(Subject("report", document, write_report))
    pictures = media.whole_pictures(seed_folder / "pictures")
    for ending in ("jpg", "png", "bmp"):
        make = partial(media.damaged_folder, pictures[ending])
        found.append(Subject(f"pictures {ending}", make, media.read_video))
    video = partial(media.damaged_video, pictures["video"])
    found.append(Subject("video", video, media.read_video))
    found += _of_models(seed_folder)
    found.append(Subject("weights", partial(_damaged_file, files["weights"]), media.read_weights))
    return found + _of_training(seed_folder)


def _of_training(folder: Path) -> list[Subject]:
    """CrowdHuman's lines, and a mixture of data."""
    lines = folder / "annotation_train.odgt"
    box = {"tag": "person", "fbox": [72, 202, 163, 503], "hbox": [171, 208, 62, 83]}
    mask = {"tag": "mask", "fbox": [1, 2, 30, 40], "extra": {"ignore": 1}}
    people = [{"ID": f"{k},a", "gtboxes": [box, mask][: k % 3]} for k in range(6)]
    lines.write_text("".join(f"{json.dumps(record)}\n" for record in people))
    mix = folder / "data.yaml"
    mix.write_text(
        "sources:\n  - {truth: gt.txt, images: [a.mp4], weight: 2, every: 3, val: ['1*']}\n"
        "  - {documents: out, images: [clips], min_score: 0.4, frames: '0:90'}\n"
        "  - {simulate: 4, first: 2}\nval: [b]\n"
    )
    return [
        Subject("crowdhuman", partial(_damaged_file, lines), read_everything),
        Subject("data.yaml", partial(_damaged_file, mix), read_mix),
    ]


def _of_models(folder: Path) -> list[Subject]:
    """Cards, fitted decisions, lists of speeds, graphs, and archives that hold weights."""
    weights = ROOT / "hie_cli" / "weights"
    fusion = folder / "fusion.json"
    fusion.write_text(
        json.dumps(
            {
                "network": "fusion", "name": "mine", "members": ["kinematic", "pose-stream-sim"],
                "weights": [0.5, 0.5], "scene": "prior", "beta": 1.5, "segmentation": "deeplab",
                "sha256": {"scene.safetensors": "a" * 64}, "data": "mine", "numbers": {"mAP": 0.5},
                "actions": list(ACTIONS),
            }
        )
    )  # fmt: skip
    speeds = folder / "speeds.json"
    row = {f.name: {str: "x", int: 1, float: 0.5}[f.type] for f in fields(Speed)}
    speeds.write_text(json.dumps([row, row]))
    graph = folder / "graph.onnx"
    graph.write_bytes(models.small_graph())
    content = {"end2end.onnx": graph.read_bytes(), "readme.txt": b"x" * 100}
    card = next(weights.glob("pose-stream*.json"))
    return [
        Subject("card", partial(_damaged_file, card), models.read_card),
        Subject("fusion card", partial(_damaged_file, fusion), models.read_fusion),
        Subject("decision", partial(_damaged_file, decision.PACKAGED), models.read_decision),
        Subject("speeds", partial(_damaged_file, speeds), models.read_speeds),
        Subject("graph", partial(_damaged_file, graph), models.read_graph),
        Subject("packed graph", partial(_damaged_archive, content, ".zip"), models.read_packed),
    ]


def _whole_files(folder: Path) -> dict[str, Path]:
    """A sound file of every kind, by name."""
    truth = of_truth(random_truth(5))
    plain = of_results(ResultSequence("clip", random_results(5)))
    results = VideoSequence("clip", plain.frames, plain.num_frames, 1280, 720, 25.0)
    found: dict[str, Path] = {}
    for target in targets():
        if target == "parquet" and not _has_pyarrow():
            continue
        for kind, sequence in (("", truth), ("-results", results)):
            place = folder / f"{target}{kind}"
            files = [file for file in write(sequence, place, target).files if file.suffix != ".ini"]
            found[f"{target}{kind}"] = max(files, key=lambda file: file.stat().st_size)
    found["mot-seqinfo"] = folder / "mot" / "clip" / "seqinfo.ini"
    listed = folder / "list" / "list.json"
    listed.parent.mkdir()
    records = json.loads(found["coco-results"].read_text())["annotations"]
    listed.write_text(json.dumps(records))
    found["coco-list"] = listed
    found["manifest"] = folder / "manifest.yaml"
    found["manifest"].write_text(
        f"name: mine\nsha256: {'a' * 64}\nlicence: MIT\norigin: somewhere\ndecoder: simcc\n"
        "input_size: [192, 256]\nmean: [123.6, 116.2, 103.5]\nstd: [58.3, 57.1, 57.3]\n"
        "keypoints: coco17\ncost: 1.5\n"
    )
    found["weights"] = folder / "weights.safetensors"
    save_file({"a": np.ones((2, 3), np.float32), "b": np.zeros(4)}, found["weights"])
    return found


def _has_pyarrow() -> bool:
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        return False
    return True


def _damaged_file(whole: Path, folder: Path, rng: random.Random) -> Path:
    path = folder / whole.name
    structured = STRUCTURE[whole.suffix]
    mutation = structured if rng.random() < 0.6 else damage_bytes
    path.write_bytes(mutation(whole.read_bytes(), rng))
    return path


def _damaged_seqinfo(whole: Path, folder: Path, rng: random.Random) -> Path:
    shutil.copytree(whole.parent, folder / "clip", dirs_exist_ok=True)
    mutation = rng.choice([damage_table, damage_bytes])
    (folder / "clip" / "seqinfo.ini").write_bytes(mutation(whole.read_bytes(), rng))
    return folder / "clip"


def _damaged_archive(
    members: dict[str, bytes], ending: str, folder: Path, rng: random.Random
) -> Path:
    inner = Path(next(iter(members))).suffix
    path = folder / f"20{inner if ending == '.gz' else ''}{ending}"
    path.write_bytes(damaged(members, ending, STRUCTURE[inner], rng))
    return path


def _damaged_sets(folder: Path, rng: random.Random) -> Path:
    keys = ["detect.min_score=", "track.max_lost=", "pose.batch=", "video.fps=", "a.b=", "=", ""]
    value = damage_yaml(rng.choice([b"1", b"[1, 2]", b"{a: 1}", b"x: y", b"true"]), rng)
    path = folder / "set.txt"
    path.write_bytes(rng.choice(keys).encode() + value)
    return path


def read_everything(path: Path) -> None:
    """Every way in, and every way out of what could be read."""
    from hie_cli.formats.readers import read_sequences

    refused: HieError | None = None
    sequences: list[VideoSequence] = []
    for kind in (None, "truth", "results"):
        try:
            sequences += read_sequences(path, kind=kind, size=(640, 480))  # type: ignore[arg-type]
        except HieError as error:
            refused = error
            check_message(error)
    if sequences:
        out = path.parent / "out"
        for target in ("document", "annolist", "mot", "coco17", "posetrack17", "ava", "csv"):
            try:
                write(sequences[0], out / target, target, overwrite=True)
            except HieError as error:
                check_message(error)
    elif refused is not None:
        raise refused


def read_list(path: Path, images: Path) -> None:
    """A COCO list of results."""
    from hie_cli.formats.results import read_results

    for frames in read_results(path, images=images).values():
        assert isinstance(frames, tuple)


def check_submission(path: Path, track: int) -> None:
    """An existing submission."""
    from hie_cli.formats.submission import check_file

    for problem in check_file(path, track, {"20": 3, "21": None}):
        assert len(problem.splitlines()) == 1


def evaluate(path: Path, truth: Path) -> None:
    """A damaged result against sound truth."""
    from hie_cli.evaluation.evaluate import evaluate as score
    from hie_cli.evaluation.inputs import load_inputs
    from hie_cli.evaluation.settings import EvalConfig

    inputs = load_inputs(truth, path, EvalConfig())
    score(inputs.truth, inputs.results, EvalConfig(), boxes=inputs.boxes)


def load_config(path: Path) -> None:
    """A configuration of whichever command the file is for."""
    from hie_cli.core.config import load

    load(_settings(path.name), [path], [])


def load_sets(path: Path) -> None:
    """One ``--set``."""
    from hie_cli.core.config import load
    from hie_cli.pipeline.settings import ChainConfig

    load(ChainConfig(), [], [path.read_text(errors="surrogateescape")])


def _settings(name: str) -> Any:
    from hie_cli.evaluation.settings import EvalConfig
    from hie_cli.pipeline.settings import ChainConfig
    from hie_cli.training.action.settings import TrainConfig

    return {"eval.yaml": EvalConfig(), "train-action.yaml": TrainConfig()}.get(name, ChainConfig())


def read_manifest(path: Path) -> None:
    """The manifest of an imported model."""
    from hie_cli.models.manifest import read

    read(path)


def list_models(path: Path) -> None:
    """A folder of imported models, one of them damaged: the others are listed."""
    from hie_cli.models import user_models

    place = path.parent / "models" / "mine"
    place.mkdir(parents=True)
    path.rename(place / "manifest.yaml")
    os.environ["HIE_MODELS"] = str(place.parent)
    user_models.installed()
    user_models.find("mine")


def resume(path: Path, whole: Path) -> None:
    """An unfinished document goes on after its last sound line."""
    from hie_cli.formats.documents.document import Document
    from hie_cli.formats.documents.writer import DocumentWriter

    header = Document(whole).header
    assert header is not None
    path.rename(path.with_name(f".{path.name}.0.partial"))
    with DocumentWriter(path, header, resume=True) as writer:
        done = len(writer.done)
    assert len(list(Document(path))) == done


def write_report(path: Path) -> None:
    """The HTML report of a folder with a damaged document."""
    from hie_cli.reporting import results_report

    (path.parent / "track").mkdir()
    path.rename(path.parent / "track" / "clip.json")
    results_report.write_report(path.parent, path.parent / "report.html")


def check_message(error: HieError) -> None:
    """An error is one line of reasonable length."""
    text = str(error)
    assert text
    assert len(text.splitlines()) == 1, f"not one line: {text[:200]!r}"
    assert len(text) < 2000, f"{len(text)} characters: {text[:200]!r}"
