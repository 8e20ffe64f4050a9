"""What the stage commands share: settings, finding inputs, one job per video, the closing table."""

import json as json_module
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import typer

from hie_cli import __version__
from hie_cli.cli.options import DEVICES
from hie_cli.cli.terminal import complain, show, show_json
from hie_cli.core import geometry
from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.config import as_dict, overlay
from hie_cli.core.errors import EXIT_FAILED, ConfigError, HieError, nearest
from hie_cli.core.progress import note, progress, set_quiet
from hie_cli.core.types import FramePeople
from hie_cli.formats.documents.document import Document
from hie_cli.formats.files import atomic_write
from hie_cli.pipeline.document_inputs import document_name, find_documents, match_video, open_video
from hie_cli.pipeline.networks import Models, check_models
from hie_cli.pipeline.output import OutputDir
from hie_cli.pipeline.run import run_document, run_video
from hie_cli.pipeline.settings import ChainConfig, load_chain, stages_until
from hie_cli.recognition.stage import needs_pixels as action_needs_pixels
from hie_cli.video.sources import FrameRange, VideoSource, find_videos, parse_range, video_name


@dataclass(frozen=True)
class VideoJob:
    """One video to take through ``stages``; made of plain values so that a worker can take it."""

    path: Path
    frames: FrameRange
    stages: tuple[str, ...]
    place: OutputDir
    config: ChainConfig
    device: str


def run_job(job: VideoJob, models: Models | None = None) -> dict[str, Any]:
    """Run one job; the record of it for the summary, with ``error`` if it failed."""
    name = video_name(job.path)

    def work() -> dict[str, Any]:
        source = VideoSource(job.path, job.frames, job.config.video.fps)
        networks = models or Models(job.config, job.device)
        people = run_video(source, job.stages, job.place, job.config, networks)
        return describe(people, source.info.fps)

    record = _guarded(name, work)
    record["files"] = [str(p) for p in job.place.files(name, job.stages) if p.exists()]
    return record


def _guarded(name: str, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The record of one piece of work, with ``error`` and ``exit_code`` if it failed."""
    start = time.perf_counter()
    record: dict[str, Any] = {"name": name, "status": "ok"}
    try:
        record |= work()
    except HieError as error:
        record |= {"status": "failed", "error": str(error), "exit_code": error.exit_code}
    record["seconds"] = round(time.perf_counter() - start, 2)
    return record


def _run_in_worker(job: VideoJob) -> dict[str, Any]:
    set_quiet(True)
    return run_job(job)


def describe(result: Sequence[FramePeople], fps: float) -> dict[str, Any]:
    """Counts of one result: frames, boxes, identities, and how often each action came first."""
    counts = dict.fromkeys(ACTIONS, 0)
    identities: set[int] = set()
    boxes = poses = 0
    for item in result:
        people = item.people
        boxes += len(people)
        if people.keypoints is not None:
            poses += int(geometry.known(people.keypoints).any(-1).sum())
        if people.track_ids is not None:
            identities.update(people.track_ids.tolist())
        if people.action_scores is not None:
            known = people.action_scores[np.isfinite(people.action_scores).all(-1)]
            for top in known.argmax(-1):
                counts[ACTIONS[top]] += 1
    record: dict[str, Any] = {"frames": len(result), "fps": round(fps, 3), "people": boxes}
    if poses:
        record["poses"] = poses
    if identities:
        record["identities"] = len(identities)
    if any(counts.values()):
        record["actions"] = {name: count for name, count in counts.items() if count}
    return record


class Session:
    """One call of a stage command.

    Raises ConfigError for settings that make no sense together.
    """

    def __init__(
        self,
        output: Path,
        preset: str | None,
        config: list[Path] | None,
        sets: list[str] | None,
        device: str,
        overwrite: bool,
        resume: bool,
        json: bool,
    ) -> None:
        if overwrite and resume:
            raise ConfigError("--overwrite and --resume contradict each other; give one")
        if output.exists() and not output.is_dir():
            raise ConfigError(f"-o {output}: is a file; give a folder")
        if device not in DEVICES:
            hint = nearest(device, list(DEVICES))
            raise ConfigError(f"--device {device}: unknown{hint} (known: {', '.join(DEVICES)})")
        self.config = load_chain(preset, config or [], sets or [])
        self.place = OutputDir(output, overwrite, resume)
        self.device = device
        self.json = json

    def choose(self, section: str, changes: dict[str, Any]) -> None:
        """Lay an option of the command line over one section of the configuration."""
        self.config = overlay(self.config, {section: changes}, "command line")

    def choose_models(self, section: str, names: list[str]) -> None:
        """``--model``: several detectors or recognisers are merged; a pose has one estimator."""
        if section == "pose" and len(names) > 1:
            raise ConfigError(f"--model: pose takes one model, got {len(names)}")
        values = {
            "detect": ("models", names),
            "pose": ("model", names[0]),
            "action": ("models", names),
        }
        key, value = values[section]
        self.choose(section, {key: value})

    def run_videos(
        self, patterns: Sequence[str], frames: str, until: str, workers: int = 1
    ) -> None:
        """Every video through the stages ``until`` one; one that fails does not stop the others."""
        stages = stages_until(until, self.config.order)
        chosen = parse_range(frames)
        check_models(self.config, stages, self.device)
        videos = find_videos(patterns)
        for path in videos:
            self.place.check(self.place.files(video_name(path), stages))
        jobs = [
            VideoJob(path, chosen, stages, self.place, self.config, self.device) for path in videos
        ]
        if workers > 1 and len(jobs) > 1:
            context = get_context("spawn")
            with ProcessPoolExecutor(min(workers, len(jobs)), mp_context=context) as pool:
                done = progress(pool.map(_run_in_worker, jobs), "videos", len(jobs), "video")
                records = list(done)
        else:
            models = Models(self.config, self.device)
            records = [run_job(job, models) for job in jobs]
        self._close(records, stages)

    def run_documents(
        self, patterns: Sequence[str], videos: Sequence[str], stage: str, png: bool = False
    ) -> None:
        """Every document through one stage; one that fails does not stop the others."""
        check_models(self.config, (stage,), self.device)
        documents = find_documents(patterns)
        found = find_videos(videos) if videos else []
        models = Models(self.config, self.device)
        records = []
        for path in documents:
            work = partial(self._run_document, path, found, stage, models, png)
            records.append(_guarded(path.stem, work))
        self._close(records, (stage,))

    def _run_document(
        self, path: Path, videos: list[Path], stage: str, models: Models, png: bool
    ) -> dict[str, Any]:
        document = Document(path)
        if document.header is None:
            next(iter(document), None)  # another program's file: read it before believing its name
        needs_pixels = stage in ("pose", "render") or (stage == "track" and bool(videos))
        needs_pixels |= stage == "action" and action_needs_pixels(self.config.action)
        source = None
        if needs_pixels:
            video = match_video(document, videos)
            source = open_video(document, video, self.config.video.fps)
        files = self.place.files(document_name(document), (stage,))
        if path.resolve() in [file.resolve() for file in files]:
            raise ConfigError(f"{path}: is both input and output; give another -o")
        self.place.check(files)
        result = run_document(document, source, stage, self.place, self.config, models, png)
        fps = document.header.video.fps if document.header else (source.info.fps if source else 0)
        return describe(result, fps) | {"files": [str(file) for file in files]}

    def _close(self, records: list[dict[str, Any]], stages: Sequence[str]) -> None:
        """Print the closing table or JSON, write summary.json for a run, and exit."""
        failed = [record for record in records if record["status"] != "ok"]
        summary = {
            "hie": __version__,
            "stages": list(stages),
            "config": as_dict(self.config),
            "videos": records,
            "failed": len(failed),
        }
        if len(stages) > 1:
            with atomic_write(self.place.folder / "summary.json") as file:
                file.write(json_module.dumps(summary, indent=1) + "\n")
        if self.json:
            show_json(summary)
        else:
            show("\n".join(table(records)))
        for record in failed:
            complain(f"hie: {record['error']}")
        if failed:
            # One input: its own exit code. Several: 1, "ran but something failed".
            raise typer.Exit(failed[0]["exit_code"] if len(records) == 1 else EXIT_FAILED)
        note(f"results are in {self.place.folder}")


def table(records: Sequence[dict[str, Any]]) -> list[str]:
    """The closing table, one line per video."""
    width = max([len(record["name"]) for record in records] + [5])
    lines = [f"{'video':<{width}}  status  frames  people   ids  seconds  f/s    commonest action"]
    for record in records:
        frames, seconds = record.get("frames", 0), record["seconds"]
        actions = record.get("actions", {})
        top = max(actions, key=actions.get) if actions else ""
        share = f" {actions[top] / sum(actions.values()):.0%}" if actions else ""
        lines.append(
            f"{record['name']:<{width}}  {record['status']:<6}  {frames:>6}  "
            f"{record.get('people', 0):>6}  {record.get('identities', ''):>4}  {seconds:>7.1f}  "
            f"{frames / seconds if seconds else 0:<5.1f}  {top}{share}".rstrip()
        )
    return lines
