"""NanoDet fine-tuned on rendered crowds and half a clip: what is gained there, and lost elsewhere.

    python benchmarks/train_detector.py DATA -o out/bench --seeds 3

DATA holds ``pets09-s2l1`` (``vtest.avi``, ``gt.txt``), ``tud-campus`` and ``crowd-clips``
(MOTChallenge truth). Trained on: rendered crowds, and frames 0 to 319 of PETS09-S2L1; the epoch is
chosen on its frames 320 to 399 and on rendered crowds of other styles. Tested on: its frames from
400 on, the other clips, and further rendered crowds of styles no training has seen. AP at IoU .5
before and after, the mean over seeds with its range. A seed that is interrupted goes on.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from hie_cli.models.packaged import nanodet
from hie_cli.training.data.items import find_items
from hie_cli.training.data.mix import read_mix
from hie_cli.training.detect.task import evaluate
from hie_cli.training.detect.train_detect import beginning, train_detect
from hie_cli.training.engine.pixel_store import PixelFile


def sources(data: Path, crowds: int) -> dict[str, list[dict[str, object]]]:
    """What is trained on, and each test set."""
    pets = {
        "truth": str(data / "pets09-s2l1/gt.txt"),
        "images": [str(data / "pets09-s2l1/vtest.avi")],
    }
    mot = {
        "truth": str(data / "crowd-clips/gt_frames_1_4_7.txt"),
        "images": [str(data / "crowd-clips/mot16-04-8frames.mp4")],
    }
    tud = {
        "truth": str(data / "tud-campus/gt.txt"),
        "images": [str(data / "tud-campus/TUD-Campus.mp4")],
    }
    return {
        "training": [
            {"name": "pets", **pets, "frames": "0:320", "every": 8},
            {"name": "choice", **pets, "frames": "320:400", "every": 20, "val": ["*"]},
            {"name": "crowds", "simulate": 16, "weight": 1, "val": ["sim-14", "sim-15"]},
        ],
        "PETS09-S2L1, second half": [{**pets, "frames": "400:", "every": 20, "val": ["*"]}],
        "TUD-Campus": [{**tud, "every": 5, "val": ["*"]}],
        "MOT16-04": [{**mot, "val": ["*"]}],
        "rendered, unseen styles": [{"simulate": crowds, "first": 1000, "val": ["*"]}],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--images", type=int, default=160, help="of an epoch")
    parser.add_argument("--side", type=int, default=320)
    parser.add_argument("--crowds", type=int, default=8, help="rendered ones to test on")
    parser.add_argument("--set", action="append", default=[], help="further settings")
    options = parser.parse_args()
    side = options.side
    options.output.mkdir(parents=True, exist_ok=True)
    parts = sources(options.data.resolve(), options.crowds)
    found: dict[str, list[float]] = {name: [] for name in parts if name != "training"}
    (options.output / "data.yaml").write_text(json.dumps({"sources": parts["training"]}))
    networks = {"before": beginning("nanodet", None)}
    for seed in range(options.seeds):
        folder = options.output / f"seed{seed}"
        if not (folder / "card.json").exists():
            train_detect(
                options.output / "data.yaml", output=folder, device="cpu",
                resume=(folder / "last.pt").exists(),
                set=[
                    f"side={side}", f"epochs={options.epochs}", f"images={options.images}",
                    "batch=8", f"seed={seed}", "threads=1", "average=0.95", *options.set,
                ],
            )  # fmt: skip
        networks[f"seed {seed}"] = beginning("nanodet", str(folder))
    for name in found:
        path = options.output / "test.yaml"
        path.write_text(json.dumps({"sources": parts[name]}))
        with PixelFile(options.output) as store:
            items = find_items(read_mix(path), store, 2 * side).validation
            for network in networks.values():
                found[name].append(evaluate(network, items, side, "cpu").ap(0.5))
        before, *after = found[name]
        told = f"{np.mean(after):.3f} [{min(after):.3f}, {max(after):.3f}]"
        print(f"{name:26s} {len(items):4d} pictures  before {before:.3f}  after {told}", flush=True)
    print(f"{nanodet.SPEC.name} at {side}, {options.seeds} seeds, {options.epochs} epochs")


if __name__ == "__main__":
    main()
