"""``hie run``."""

from pathlib import Path
from typing import Annotated

import typer

from hie_cli.cli import options
from hie_cli.cli.commands import CHAIN, command
from hie_cli.core.errors import ConfigError


@command("run", CHAIN)
def run(
    videos: Annotated[
        list[str] | None,
        typer.Argument(metavar="VIDEO...", help="Video files, folders of images or videos, globs."),
    ] = None,
    output: options.Output = Path("out"),
    until: Annotated[
        str | None,
        typer.Option("--until", help="Last stage: detect, pose, track, action or render."),
    ] = None,
    model: options.Model = None,
    stills: options.Stills = False,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Videos at a time.")] = 1,
    shard: Annotated[
        str, typer.Option("--shard", metavar="i/n", help="Only the i-th of n parts of the videos.")
    ] = "1/1",
    retry_failed: Annotated[
        bool,
        typer.Option("--retry-failed", help="Only videos that failed or were interrupted in DIR."),
    ] = False,
    preset: options.Preset = None,
    config: options.Config = None,
    sets: options.Set = None,
    device: options.Device = "auto",
    appearance: options.Appearance = None,
    precision: options.Precision = None,
    frames: options.Frames = ":",
    begin: options.Begin = None,
    end: options.End = None,
    cuts: Annotated[
        Path | None,
        typer.Option("--cuts", metavar="FILE", help="Only the pieces of a list of `hie mine`."),
    ] = None,
    overwrite: options.Overwrite = False,
    resume: options.Resume = False,
    json: options.Json = False,
    profile: Annotated[
        bool, typer.Option("--profile", help="Print seconds per stage and networks, and memory.")
    ] = False,
) -> None:
    """Run the whole chain, decoding each frame once: people, poses, tracks, actions, overlay.

    Writes DIR/{detect,pose,track,action}/NAME.json, DIR/render/NAME.mp4 and NAME.png, and
    DIR/summary.json. A video that fails does not stop the others (exit code 1); DIR/runs/NAME.json
    says what became of each (hie status), and --resume does what is not done.

    \b
    Examples:
      hie run crowd.mp4 -o out
      hie run 'clips/*.mp4' -o out --preset fast --workers 2
      hie run crowd.mp4 -o out --until pose --resume
      hie run day.mp4 -o out --begin 1:30:00 --end 1:45:00
      hie run photos/ -o out --stills
      hie run clips/ -o out --resume --shard 3/8
      hie run clips/ -o out --retry-failed
      hie run footage/ -o out --cuts out/found/cuts.json
      hie run crowd.mp4 -o out --model out/detector --model nanodet --model out/pose
    """
    from hie_cli.cli.runner import Session
    from hie_cli.pipeline.video_batch import Batch, parse_shard

    if retry_failed and overwrite:
        raise ConfigError("--overwrite and --retry-failed contradict each other; give one")
    batch = Batch(workers, parse_shard(shard), retry_failed)
    resume = resume or retry_failed
    session = Session(output, preset, config, sets, device, overwrite, resume, json, profile)
    session.choose_appearance(appearance)
    if model:
        session.choose_by_task(model)
    if precision is not None:
        session.choose_precision(precision)
    if not videos and cuts is None:
        raise ConfigError("run: give a video, or --cuts with a list of paths; see hie run --help")
    session.run_videos(
        videos or (), (frames, begin, end), until, stills, batch, recorded=True, cuts=cuts
    )
