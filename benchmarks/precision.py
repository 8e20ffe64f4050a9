"""What the packaged networks lose in 8 bits, each by itself.

    python benchmarks/precision.py DATA [--network nanodet ...]

DATA is the folder of development sequences. Detectors: AP50 / AP (pycocotools) at one input size on
every 40th frame of PETS09-S2L1, every 4th of TUD-Campus, three of MOT16-04 and the pose stills.
Networks on crops, given the true boxes: the share of joints within half a head on the stills, and
within a half and a quarter of a head on two rendered crowds of test styles.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pose import near
from stills import box_figures, pose_stills, video_stills

from hie_cli.core.types import FramePeople, People
from hie_cli.detection.input_sizes import DetectorRun
from hie_cli.detection.settings import DetectConfig
from hie_cli.detection.views import run_view
from hie_cli.models import registry
from hie_cli.posing.calibration import HALF_HEAD
from hie_cli.posing.settings import PoseConfig
from hie_cli.posing.stage import pose
from hie_cli.simulation.crowd import CrowdConfig, simulate
from hie_cli.simulation.render import render

SIDES = {"PETS": 768, "TUD": 512, "MOT16-04": 1024, "stills": 512}


def detector_figures(name: str, precision, data: Path) -> str:
    """AP50 / AP on each set."""
    model = registry.load_detector(name, "cpu", precision=precision)
    pets, tud, crowd = data / "pets09-s2l1", data / "tud-campus", data / "crowd-clips"
    sets = {
        "PETS": video_stills("pets", pets / "vtest.avi", pets / "gt.txt", 40),
        "TUD": video_stills("tud", tud / "TUD-Campus.mp4", tud / "gt.txt", 4),
        "MOT16-04": video_stills(
            "crowd", crowd / "mot16-04-8frames.mp4", crowd / "gt_frames_1_4_7.txt"
        ),
        "stills": pose_stills(data / "pose-samples"),
    }
    cells = []
    for key, stills in sets.items():
        view, found, truth = DetectorRun(0, SIDES[key], 0.0), [], []
        for still in stills:
            (seen,) = run_view([still.image], view, model, (1, 1), DetectConfig())
            found.append(seen.people)
            truth.append((still.boxes, still.ignore))
        figures = box_figures(found, truth)
        cells.append(f"{key} {figures['AP50']:.3f} / {figures['AP']:.3f}")
    return "  ".join(cells)


def crop_figures(name: str, precision, data: Path) -> str:
    """Shares of joints near the true ones, on true boxes."""
    model = registry.load_estimator(name, "cpu", precision=precision)
    config = PoseConfig(mode="top-down", model=name, nms_oks=2.0)
    stills = list(pose_stills(data / "pose-samples"))
    items = [
        FramePeople(i, People(s.boxes, np.ones(len(s.boxes)), None), s.image)
        for i, s in enumerate(stills)
    ]
    share = near(stills, [item.people for item in pose(items, config, model)])
    return f"stills {share:.3f}  crowds {' / '.join(crowd_shares(model, config, (11, 12)))}"


def crowd_shares(model, config: PoseConfig, seeds: Sequence[int]) -> list[str]:
    """Joints within a half and a quarter of a head, on every 8th frame of rendered crowds."""
    distances = []
    for seed in seeds:
        crowd = simulate(CrowdConfig(seed, 14, 40, 25, width=960, height=540, split="test"))
        items, joints = [], []
        for frame in render(crowd):
            t = frame.index
            who = np.flatnonzero(crowd.present[:, t] & crowd.seen[:, t].any(-1))
            if t % 8 == 2 and len(who):
                boxes = crowd.boxes[who, t]
                items.append(
                    FramePeople(t, People(boxes, np.ones(len(who)), None), frame.image.copy())
                )
                seen = crowd.seen[who, t, :, None]
                joints.append(np.where(seen, crowd.pixels[who, t, :14], np.nan))
        for item, found, true in zip(items, pose(items, config, model), joints, strict=True):
            tall = (item.people.boxes[:, 3] - item.people.boxes[:, 1])[:, None]
            apart = np.linalg.norm(found.people.keypoints - true, axis=-1) / tall
            distances.append(apart[np.isfinite(true).all(-1)])
    every = np.concatenate(distances)
    return [f"{np.mean(every <= HALF_HEAD * part):.3f}" for part in (1, 0.5)]


def main() -> None:
    names = ["nanodet", "movenet-multipose", "movenet-thunder", "movenet-lightning"]
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--network", nargs="+", choices=names, default=names)
    args = parser.parse_args()
    for name in args.network:
        detects = registry.find(name).task == "detect"
        for precision in ("fp32", "int8"):
            figures = (detector_figures if detects else crop_figures)(name, precision, args.data)
            print(f"{name:18s} {precision}  {figures}", flush=True)


if __name__ == "__main__":
    main()
