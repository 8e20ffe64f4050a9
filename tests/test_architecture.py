"""Imports point one way, and the slow ones wait until they are needed (docs/architecture.md)."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "hie_cli"
# What each room may import of hie_cli, beside itself and core.
ALLOWED = {
    "core": set(),
    "storage": set(),
    "video": set(),
    "formats": set(),
    "flow": set(),
    "camera": set(),
    "models": set(),
    "rendering": {"formats", "analysis"},
    "simulation": {"formats", "pipeline"},  # its executors
    "analysis": {"video", "formats", "camera"},
    "evaluation": {"formats", "pipeline"},  # its executors
    "detection": {"models", "posing"},
    "posing": {"models", "flow"},
    "tracking": {"flow", "camera"},
    "recognition": {"models", "camera"},
    "pipeline": {
        "storage", "video", "formats", "models", "detection", "posing", "flow", "tracking",
        "recognition", "analysis", "rendering",
    },
    "reporting": {"formats", "video", "evaluation", "analysis"},
    "streaming": {"formats", "video", "models", "pipeline", "detection", "posing", "recognition",
                  "rendering", "reporting"},
    "benchmarking": {"video", "formats", "models", "pipeline", "simulation"},
    "retrieval": {"video", "formats", "models", "pipeline"},
    "summary": {
        "video", "formats", "models", "pipeline", "evaluation", "rendering", "retrieval",
    },
    "training": {
        "video", "formats", "evaluation", "models", "recognition", "simulation", "pipeline",
        "retrieval", "summary",
    },
}  # fmt: skip
SLOW = ("torch", "onnxruntime", "cv2", "scipy", "matplotlib", "pycocotools", "numpy")


def imports(path: Path, top_level_only: bool = False) -> set[str]:
    """Dotted names of modules that a file imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_level_only else ast.walk(tree)
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module)
            if node.module.startswith("hie_cli"):
                found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_one_way(path):
    part = part_of(path)
    if part in ("cli", "api", "__main__", "__init__"):
        return
    allowed = ALLOWED.get(part, set()) | {part, "core"}
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "hie_cli" and len(parts) > 1:
            assert parts[1] in allowed, f"{path.relative_to(ROOT)} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_libraries_that_store_or_report_have_one_door(path):
    """ONNX Runtime's telemetry and matplotlib's caches: see ``core.libraries``."""
    found = imports(path)
    if path.name != "libraries.py":
        assert "onnxruntime" not in found
        if any(name.split(".")[0] == "matplotlib" for name in found):  # its parts, after the door
            assert "hie_cli.core.libraries" in found


def test_no_files_import_each_other_in_a_circle():
    modules = {
        ".".join(("hie_cli", *path.relative_to(PACKAGE).with_suffix("").parts)): path
        for path in FILES
    }
    graph = {name: imports(path) & modules.keys() for name, path in modules.items()}
    assert sum(map(len, graph.values())) > 100
    TopologicalSorter(graph).prepare()  # CycleError names the circle


@pytest.mark.parametrize("path", [f for f in FILES if part_of(f) == "core"], ids=lambda p: p.name)
def test_the_vocabulary_is_light(path):
    heavy = {name.split(".")[0] for name in imports(path, top_level_only=True)} & (
        set(SLOW) - {"numpy"}
    )
    assert not heavy


def loaded_after(code: str) -> set[str]:
    """Which of the slow packages a fresh interpreter holds after running ``code``."""
    report = f"import sys\n{code}\nprint(*[m for m in {SLOW!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", report], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(done.stdout.split())


def test_help_loads_nothing_slow():
    assert loaded_after("import hie_cli.cli.app") == set()


def test_tracking_and_evaluation_load_no_network():
    assert not loaded_after("import hie_cli.tracking.stage, hie_cli.evaluation.evaluate") & {
        "torch",
        "onnxruntime",
        "matplotlib",
    }


def test_the_chain_starts_without_torch():
    assert not loaded_after("import hie_cli.cli.runner") & {"torch", "onnxruntime", "matplotlib"}


def test_the_folders_of_tests_mirror_the_packages():
    packages = {p.relative_to(PACKAGE) for p in PACKAGE.rglob("*") if p.is_dir()}
    folders = {p.parent.relative_to(ROOT / "tests") for p in ROOT.glob("tests/**/test_*.py")}
    assert folders <= packages | {Path()}
