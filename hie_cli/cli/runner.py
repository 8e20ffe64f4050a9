"""What the stage commands share: settings, finding inputs, one job per video, the closing table."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from hie_cli.cli.options import DEVICES
from hie_cli.cli.terminal import complain, show, show_json
from hie_cli.core.config import overlay
from hie_cli.core.errors import EXIT_FAILED, ConfigError, nearest
from hie_cli.core.progress import note, tell
from hie_cli.core.progress_display import clock as clock_text
from hie_cli.core.progress_events import Overall
from hie_cli.core.text import brief
from hie_cli.formats.documents.document import Document
from hie_cli.pipeline import remote
from hie_cli.pipeline.clock import Clock
from hie_cli.pipeline.document_inputs import (
    document_name,
    find_documents,
    match_video,
    open_video,
    video_info,
)
from hie_cli.pipeline.job import recorded as counted
from hie_cli.pipeline.job import run_to_end
from hie_cli.pipeline.networks import Models, check_models
from hie_cli.pipeline.output import output_dir
from hie_cli.pipeline.run import Stream, document_stream
from hie_cli.pipeline.settings import load_chain
from hie_cli.pipeline.summary import summary
from hie_cli.pipeline.video_batch import SINGLE, Batch, prepare, run_jobs
from hie_cli.pipeline.video_selection import Selection
from hie_cli.recognition.stage import needs_pixels as action_needs_pixels
from hie_cli.video.video_files import find_videos

_WIDEST_NAME = 40  # characters of a video's name in a table


class Session:
    """One call of a stage command.

    stored: results may go to an address (``hie run``). Raises ConfigError for settings that make no
    sense together.
    """

    def __init__(
        self,
        output: Path | str,
        preset: str | None,
        config: list[Path] | None,
        sets: list[str] | None,
        device: str,
        overwrite: bool,
        resume: bool,
        json: bool,
        profile: bool = False,
        retry_failed: bool = False,
        stored: bool = False,
    ) -> None:
        self.output_dir = output_dir(output, overwrite, resume, retry_failed, stored)
        if device not in DEVICES:
            hint = nearest(device, list(DEVICES))
            raise ConfigError(f"--device {device}: unknown{hint} (known: {', '.join(DEVICES)})")
        self.config = load_chain(preset, config or [], sets or [])
        self.device = device
        self.json = json
        self.profile = profile

    def choose(self, section: str, changes: dict[str, Any]) -> None:
        """Lay an option of the command line over one section of the configuration."""
        self.config = overlay(self.config, {section: changes}, "command line")

    def choose_precision(self, precision: str | None) -> None:
        """``--precision``, where it was given."""
        if precision is not None:
            self.config = overlay(self.config, {"precision": precision}, "--precision")

    def choose_models(self, section: str, names: list[str] | None) -> None:
        """``--model``, where it was given: several detectors or recognisers are merged; a pose has
        one estimator.
        """
        if not names:
            return
        if section == "pose" and len(names) > 1:
            raise ConfigError(f"--model: pose takes one model, got {len(names)}")
        values = {
            "detect": ("models", names),
            "pose": ("model", names[0]),
            "action": ("models", names),
        }
        key, value = values[section]
        self.choose(section, {key: value})

    def choose_by_task(self, names: list[str] | None) -> None:
        """``--model`` of several stages: each goes where its record says."""
        from hie_cli.pipeline.model_list import find

        by_task: dict[str, list[str]] = {}
        for name in names or ():
            by_task.setdefault(find(name).task, []).append(name)
        for task, own in by_task.items():
            if task == "appearance" and len(own) > 1:
                raise ConfigError(f"--model: one appearance model at most, got {len(own)}")
            if task == "appearance":
                self.choose_appearance(own[0])
            else:
                self.choose_models(task, own)

    def choose_appearance(self, name: str | None) -> None:
        """``--appearance``: the network by whose vectors people are told apart."""
        if name is not None:
            self.choose("track", {"appearance_model": name, "appearance": True})

    def run_videos(
        self,
        selection: Selection,
        until: str | None,
        batch: Batch = SINGLE,
        recorded: bool = False,
    ) -> None:
        """Every video through the stages ``until`` one; one that fails does not stop the others.

        recorded: each has its record in ``runs``.
        """
        stages, jobs = prepare(
            selection, self.output_dir, self.config, self.device, until, batch, recorded
        )
        if not jobs:
            note("nothing to do: no video failed, or this part of the list is empty")
        with remote.work_folder(self.output_dir):
            self._close(run_jobs(jobs, batch, Finished(len(jobs))) if jobs else [], stages)

    def run_documents(
        self, patterns: Sequence[str], videos: Sequence[str], stage: str, png: bool = False
    ) -> None:
        """Every document through one stage; one that fails does not stop the others."""
        check_models(self.config, (stage,), self.device)
        documents = find_documents(patterns)
        found = find_videos(videos) if videos else []
        models = Models(self.config, self.device)
        records = []
        finished = Finished(len(documents))
        for path in documents:
            record: dict[str, Any] = {"name": path.stem}
            run_to_end(self._document_frames(path, found, stage, models, png, record), record)
            records.append(record)
            finished(record)
        self._close(records, (stage,))

    def _document_frames(
        self,
        path: Path,
        videos: list[Path],
        stage: str,
        models: Models,
        png: bool,
        record: dict[str, Any],
    ) -> Stream:
        document = Document(path)
        if document.header is None:
            next(iter(document), None)  # another program's file: read it before believing its name
        if stage == "track" and self.config.track.appearance_model and not videos:
            raise ConfigError(f"{path}: an appearance model needs pixels; give --video")
        needs_pixels = stage in ("pose", "render") or (stage == "track" and bool(videos))
        needs_pixels |= stage == "action" and action_needs_pixels(self.config.action)
        source = None
        if needs_pixels:
            video = match_video(document, videos)
            source = open_video(document, video, self.config.video.fps)
        files = self.output_dir.files(document_name(document), (stage,))
        if os.path.realpath(path) in map(os.path.realpath, files):
            raise ConfigError(f"{path}: is both input and output; give another -o")
        self.output_dir.check(files)
        clock = Clock()
        stream = document_stream(
            document, source, stage, self.output_dir, self.config, models, png, clock
        )
        info = document.header.video if document.header else video_info(document, source)
        yield from counted(stream, info, clock, record)
        if stage == "render" and self.config.render.cutouts:
            files += self.output_dir.clips(document_name(document))
        record["files"] = [str(file) for file in files]

    def _close(self, records: list[dict[str, Any]], stages: Sequence[str]) -> None:
        """Print the closing table or JSON, write summary.json for a run, and exit."""
        failed = [record for record in records if record["status"] != "ok"]
        run = summary(records, stages, self.config)
        if self.json:
            show_json(run)
        else:
            for line in table(records) + (profile_table(records) if self.profile else []):
                show(line)
        for record in failed:
            complain(f"hie: {record['error']}")
        if len(stages) > 1:
            remote.write_summary(self.output_dir, run)
        if failed:
            # One input: its own exit code. Several: 1, "ran but something failed".
            raise typer.Exit(failed[0]["exit_code"] if len(records) == 1 else EXIT_FAILED)
        note(f"results are in {self.output_dir}")


class Finished:
    """Tells of each video that has come to its end, and how many have."""

    def __init__(self, total: int) -> None:
        self._total, self._done = total, 0
        tell(Overall(0, total))

    def __call__(self, record: dict[str, Any]) -> None:
        """One video more."""
        self._done += 1
        tell(Overall(self._done, self._total))
        if "warning" in record:
            note(record["warning"])
        elif self._total > 1:
            note(f"{record['name']}: {outcome(record)}  ({self._done} of {self._total})")


def outcome(record: dict[str, Any]) -> str:
    """What came of one video, in a few words."""
    if record["status"] != "ok":
        return "failed"
    if record.get("kept"):
        return "was finished before"
    people = f"{record['frames']} frames, {record['people']} people"
    if "identities" in record:
        people += f", {record['identities']} identities"
    return f"{people}, {clock_text(record['seconds'])}, {record['frames_per_second']:.3g} frames/s"


def table(records: Sequence[dict[str, Any]]) -> list[str]:
    """The closing table, one line per video; nothing where none came to its end."""
    if all(record["status"] != "ok" for record in records):
        return []
    names = _names(records)
    width = max(map(len, names))
    lines = [f"{'video':<{width}}  status  frames  people   ids  seconds  f/s    commonest action"]
    for name, record in zip(names, records, strict=True):
        if record["status"] != "ok":
            lines.append(f"{name:<{width}}  {record['status']}")
            continue
        actions = record.get("actions", {})
        top = max(actions, key=actions.get) if actions else ""
        share = f" {actions[top] / sum(actions.values()):.0%}" if actions else ""
        status = "nobody" if "warning" in record else record["status"]
        lines.append(
            f"{name:<{width}}  {status:<6}  {record['frames']:>6}  "
            f"{record['people']:>6}  {record.get('identities', ''):>4}  {record['seconds']:>7.1f}  "
            f"{record['frames_per_second']:<5.1f}  {top}{share}".rstrip()
        )
    return lines


def _names(records: Sequence[dict[str, Any]]) -> list[str]:
    """The videos' names as a table shows them, each at least as wide as its heading."""
    return [f"{brief(record['name'], _WIDEST_NAME):<5}" for record in records]


def profile_table(records: Sequence[dict[str, Any]]) -> list[str]:
    """Seconds per stage and in the networks, and peak memory; stages run side by side.

    Nothing where none of the videos came so far.
    """
    done = [record for record in records if "stage_seconds" in record]
    if not done:
        return []
    columns = list(dict.fromkeys(name for record in done for name in record["stage_seconds"]))
    names = _names(done)
    width = max(map(len, names), default=5)
    head = "".join(f"{name:>9}" for name in [*columns, "networks", "MB"])
    lines = [f"{'video':<{width}}{head}"]
    for name, record in zip(names, done, strict=True):
        seconds = [record["stage_seconds"].get(name, 0.0) for name in columns]
        cells = "".join(f"{each:>9.1f}" for each in [*seconds, record["network_seconds"]])
        memory = record["peak_memory_mb"]
        lines.append(f"{name:<{width}}{cells}{'' if memory is None else memory:>9}")
    return lines
