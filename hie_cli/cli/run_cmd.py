"""``hie run``."""

from pathlib import Path
from typing import Annotated

import typer

from hie_cli.cli import options
from hie_cli.cli.commands import CHAIN, command
from hie_cli.core.errors import ConfigError

MANY, LIVE = options.MANY, "Live sources"


@command("run", CHAIN)
def run(
    videos: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="VIDEO...",
            help="Video files, folders of images or videos, globs; addresses (s3://).",
        ),
    ] = None,
    output: options.OutputPlace = "out",
    until: Annotated[
        str | None,
        typer.Option("--until", help="Last stage: detect, pose, track, action or render."),
    ] = None,
    model: options.Model = None,
    stills: options.Stills = False,
    workers: options.Workers = None,
    shard: Annotated[
        str,
        typer.Option(
            "--shard", metavar="i/n", help="The i-th of n parts of them.", rich_help_panel=MANY
        ),
    ] = "1/1",
    listed: Annotated[
        Path | None,
        typer.Option(
            "--list", metavar="FILE", help="Videos and options of each.", rich_help_panel=MANY
        ),
    ] = None,
    segment_frames: Annotated[
        str,
        typer.Option(
            "--segment-frames",
            metavar="auto|N|0",
            help="Part long videos among workers.",
            rich_help_panel=MANY,
        ),
    ] = "auto",
    table: Annotated[
        bool,
        typer.Option(
            "--parquet", help="Their people as one table, DIR/people.", rich_help_panel=MANY
        ),
    ] = False,
    retry_failed: Annotated[
        bool,
        typer.Option(
            "--retry-failed", help="Those that failed or were interrupted.", rich_help_panel=MANY
        ),
    ] = False,
    engine: options.Engine = "local",
    address: options.Address = None,
    cpus: Annotated[
        float,
        typer.Option("--num-cpus", min=0.1, help="Of each Ray worker.", rich_help_panel=MANY),
    ] = 1.0,
    gpus: Annotated[
        float,
        typer.Option("--num-gpus", min=0.0, help="Of each Ray worker.", rich_help_panel=MANY),
    ] = 0.0,
    metrics: Annotated[
        str | None,
        typer.Option(
            "--metrics-port",
            metavar="[HOST:]PORT",
            help="Figures for Prometheus, meanwhile.",
            rich_help_panel=MANY,
        ),
    ] = None,
    preset: options.Preset = None,
    config: options.Config = None,
    sets: options.Set = None,
    device: options.Device = "auto",
    online: options.Online = False,
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
    segment: Annotated[
        str | None,
        typer.Option(
            "--segment", metavar="TIME", help="Documents of so long; 10min.", rich_help_panel=LIVE
        ),
    ] = None,
    duration: Annotated[
        str | None,
        typer.Option(
            "--for", metavar="TIME", help="End after 90s, 10min, 1h.", rich_help_panel=LIVE
        ),
    ] = None,
    follow: Annotated[
        bool,
        typer.Option(
            "--follow", help="A line of JSON for each frame and event.", rich_help_panel=LIVE
        ),
    ] = False,
    serve: Annotated[
        int | None,
        typer.Option(
            "--serve",
            metavar="PORT",
            help="A page of this machine to watch it.",
            rich_help_panel=LIVE,
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="Of the documents.", rich_help_panel=LIVE),
    ] = None,
) -> None:
    """Run the whole chain, decoding each frame once: people, poses, tracks, actions, overlay.

    Writes DIR/{detect,pose,track,action}/NAME.json, DIR/render/NAME.mp4 and NAME.png, and
    DIR/summary.json. A video that fails does not stop the others (exit code 1); DIR/runs/NAME.json
    says what became of each (hie status), and --resume does what is not done. A live source, an
    address or the number of a camera, is read with --online, in segments NAME-0001, NAME-0002, ...
    until it ends, --for is over, or Ctrl-C.

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
      hie run rtsp://camera.local/stream --online -o out --preset fast --segment 10min
      hie run 0 --online -o out --until track --for 1h --follow
      hie run --list videos.csv -o out --workers 2
      hie run clips/ -o out --engine ray --address auto --num-cpus 2
      hie run 's3://bucket/clips/*.mp4' -o s3://bucket/out --workers 2
    """
    from hie_cli.cli import live
    from hie_cli.cli.runner import Session
    from hie_cli.pipeline.executors.engine import Engine
    from hie_cli.pipeline.video_batch import Batch, parse_segment_frames
    from hie_cli.pipeline.video_selection import Selection, parse_shard
    from hie_cli.video.frame_range import parse_range

    selection = Selection(
        videos or (), parse_range(frames, begin, end), stills, cuts, listed, parse_shard(shard),
        retry_failed,
    )  # fmt: skip
    batch = Batch(
        Engine(workers, engine, address, cpus, gpus), table, parse_segment_frames(segment_frames),
        metrics,
    )  # fmt: skip
    source = live.live_source(videos or [])
    wish = live.LiveWish(segment, duration, follow, serve, name)
    if source is not None:
        live.refuse_file_options(selection, batch, resume, profile)
    session = Session(
        output, preset, config, sets, device, overwrite, resume, json, profile, retry_failed,
        stored=source is None,
    )  # fmt: skip
    session.choose_appearance(appearance)
    session.choose_by_task(model)
    if online:
        session.choose("track", {"online": True})
    session.choose_precision(precision)
    if source is not None:
        live.run_live(session, source, until, wish)
        return
    live.refuse(wish.given, "is for a live source; give an address or the number of a camera")
    if not videos and cuts is None and listed is None:
        raise ConfigError("run: give a video, or --list or --cuts; see hie run --help")
    session.run_videos(selection, until, batch, recorded=True)
