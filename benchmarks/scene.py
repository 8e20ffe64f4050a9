"""Does the place help to tell actions? Rendered crowds, by hie's own commands from end to end.

    python benchmarks/scene.py DIR [--train 50] [--test 24] [--model kinematic --model FOLDER]

Makes crowds of train and test styles, which are disjoint, under DIR with `hie simulate` (kept
between runs), fits with `hie train fusion` on four fifths of the train ones and validates on the
rest, scores the test ones with `hie action` and compares by `hie eval --track 4`. What the place is
worth is what it adds to "scores", a correction that does not see it. Simulated: the figures say
that the method works, not how well it does on real places.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

SIZE = ("people=14", "frames=100", "fps=12.5", "width=640", "height=360")
VAL = "sim-train-*[05]"  # every fifth


def hie(*arguments: object) -> str:
    """Run a command of hie; what it prints on stdout."""
    command = [sys.executable, "-m", "hie_cli", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command[2:])}\n{done.stderr}")
    return done.stdout


def crowds(folder: Path, split: str, count: int) -> list[Path]:
    """Documents of ``count`` crowds with videos and truth beside; those already there are kept."""
    sets = [part for item in (*SIZE, f"split={split}") for part in ("--set", item)]
    documents = [folder / split / "track" / f"sim-{split}-{seed}.json" for seed in range(count)]
    for seed, document in enumerate(documents):
        if not document.exists():
            hie("simulate", "-o", folder / split, "-n", 1, "--seed", seed, *sets, "-q")
    return documents


def fitted(train: list[Path], models: list[str], scene: str, folder: Path) -> str:
    """A fusion of ``models`` in ``folder``; what its validation said."""
    place = train[0].parent.parent
    members = [part for name in models for part in ("--model", name)]
    said = hie(
        "train", "fusion", *train, "--truth", place / "labels", "--val", VAL,
        "--video", place / "videos", *members, "--scene", scene, "-o", folder, "--overwrite", "-q",
    )  # fmt: skip
    found = json.loads(said)
    return f"weights {list(found['weights'].values())}, beta {found['beta']}"


def judged(test: list[Path], model: str) -> dict[str, float]:
    """Track 4 of the test crowds with one model."""
    place = test[0].parent.parent
    with tempfile.TemporaryDirectory() as out:
        hie("action", *test, "--video", place / "videos", "--model", model, "-o", out, "-q")
        truth = ("--truth", place / "labels", "--track", 4, "--allow-missing")
        said = hie("eval", Path(out, "action"), *truth, "--json")
    pooled = json.loads(said)["tracks"]["4"]["pooled"]
    return {name: pooled[f"{name}@0.5"] for name in ("wf_mAP", "f_mAP")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--train", type=int, default=50)
    parser.add_argument("--test", type=int, default=24)
    parser.add_argument("--model", action="append", default=[])
    args = parser.parse_args()
    models = args.model or ["kinematic"]
    train = crowds(args.folder, "train", args.train)
    test = crowds(args.folder, "test", args.test)
    rows = [(name, name, "") for name in models]
    for scene in ("none", "scores", "prior", "concat"):
        if scene == "none" and len(models) == 1:
            continue
        folder = args.folder / f"fusion-{scene}"
        rows.append((f"fusion, {scene}", str(folder), fitted(train, models, scene, folder)))
    for name, model, told in rows:
        found = judged(test, model)
        figures = "  ".join(f"{key} {value:.3f}" for key, value in found.items())
        print(f"{name:28s} {figures}  {told}", flush=True)


if __name__ == "__main__":
    main()
