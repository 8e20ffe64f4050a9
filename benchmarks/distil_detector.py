"""Half-width NanoDet, taught by NanoDet or by an imported detector on real frames without labels.

    hie models import rtmdet-nano-person.onnx
    python benchmarks/distil_detector.py DATA -o out/distil --seeds 3 --other rtmdet-nano-person

All begin with slices of the packaged weights and learn from rendered crowds, which have labels.
Real frames (the first half of PETS09-S2L1, street, basketball, hug, CAVIAR) have none: no
teacher makes nothing of them, the others take a teacher's boxes for people, and some imitate the
teacher's features on rendered and real frames: everywhere (hints), in whole boxes, or near people
as arXiv 1906.03609. The gap is between the student without a teacher and NanoDet. Test sets as in
``train_detector.py``. What is finished is kept, and a second call goes on from there.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np
from trainings import Sources, change, tested, tests, trained, write_data

FRAMES = "0:400:16"  # of every real clip
WEIGHT = "distill.weight=1"
# Arm: whose boxes are people on real frames, and the features imitated of NanoDet's.
ARMS: dict[str, tuple[str | None, str | None]] = {
    "no teacher": (None, None),
    "its boxes": ("nanodet", None),
    "its boxes, hints": ("nanodet", "hints"),
    "its boxes, whole boxes": ("nanodet", "boxes"),
    "its boxes, imitation": ("nanodet", "imitation"),
    "other's boxes": ("other", None),
}


def real(data: Path) -> list[str]:
    """The clips whose labels are not looked at."""
    crowd = [data / "crowd-clips" / name for name in ("street.avi", "basketball.mp4")]
    more = [data / "pets09-s2l1/vtest.avi", data / "crowd-clips/two-people-hug.mp4"]
    return [str(path) for path in (*more, *crowd, *sorted((data / "caviar").glob("*.mp4")))]


def boxes_of(teacher: str, videos: list[str], folder: Path) -> Path:
    """The teacher's stage documents of the real clips."""
    command = ["detect", *videos, "-o", str(folder), "--model", teacher, "--frames", FRAMES]
    command += ["--preset", "fast"]
    subprocess.run([sys.executable, "-m", "hie_cli", *command, "--resume", "--quiet"], check=True)
    return folder / "detect"


def training(data: Path, crowds: int, documents: Path | None, choice: Path) -> Sources:
    """What an arm learns from, and what chooses its epoch: the same for all."""
    videos = real(data)
    sources: Sources = [
        {"name": "crowds", "simulate": crowds + 4, "val": [f"sim-{crowds + k}" for k in range(4)]},
        {
            "name": "choice", "documents": str(choice / "vtest.json"), "images": videos[:1],
            "frames": "320:400", "val": ["*"],
        },
    ]  # fmt: skip
    if documents is not None:
        frames = {"documents": str(documents), "images": videos, "frames": "0:320"}
        sources.append({"name": "real", "weight": 2, **frames})
    return sources


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--other", help="an imported detector whose boxes teach as well")
    parser.add_argument(
        "--arm", action="append", choices=ARMS, help="default: all; beside no teacher"
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--images", type=int, default=192, help="of an epoch")
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--crowds", type=int, default=30, help="rendered ones to learn from")
    parser.add_argument("--tests", type=int, default=8, help="rendered ones to test on")
    parser.add_argument("--set", action="append", default=[], help="further settings")
    options = parser.parse_args()
    root, data, side = options.output, options.data.resolve(), options.side
    arms = {
        name: how
        for name, how in ARMS.items()
        if (name in options.arm if options.arm else how[0] != "other" or options.other)
        or name == "no teacher"  # what every gain is measured from
    }
    documents = {
        name: boxes_of(options.other if name == "other" else name, real(data), root / name)
        for name in {"nanodet", *(whose for whose, _ in arms.values() if whose)}
    }
    runs: dict[str, list[Path]] = {name: [] for name in arms}
    for seed in range(options.seeds):
        for name, (whose, features) in arms.items():
            sources = training(
                data, options.crowds, documents[whose] if whose else None, documents["nanodet"]
            )
            number = list(ARMS).index(name)
            settings = [
                "network=nanodet-half", f"side={side}", f"epochs={options.epochs}",
                f"images={options.images}", "batch=8", "threads=1", f"seed={seed}", *options.set,
            ]  # fmt: skip
            if features:
                settings += [f"distill.method={features}", "distill.warm_up=20", WEIGHT]
            runs[name].append(
                trained(
                    write_data(root / f"arm{number}.yaml", sources), root / f"arm{number}-{seed}",
                    settings, "nanodet" if features else None,
                )
            )  # fmt: skip
    told(root, runs, tests(data, options.tests), side)


def told(root: Path, runs: dict[str, list[Path]], sets: dict[str, Sources], side: int) -> None:
    """Print the table."""
    whole, begun = root / "nanodet", root / "nanodet-half"
    found = tested([whole, begun, *(run for each in runs.values() for run in each)], sets, side)
    for name in sets:
        top, bottom = found[whole][name].ap(), found[begun][name].ap()
        print(f"\n{name}: NanoDet {top:.3f}, slices of it before training {bottom:.3f}")
        plain = [found[run][name] for run in runs["no teacher"]]
        gap = top - float(np.mean([run.ap() for run in plain]))
        for arm, folders in runs.items():
            own = [found[run][name] for run in folders]
            values = [each.ap() for each in own]
            gain, low, high = change(plain, own)
            print(
                f"{arm:24s} {np.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})  "
                f"{gain:+.3f} [{low:+.3f}, {high:+.3f}]  of the gap {gain / gap:.2f}"
            )


if __name__ == "__main__":
    main()
