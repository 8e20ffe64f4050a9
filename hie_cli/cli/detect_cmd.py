"""``hie detect``."""

from pathlib import Path

from hie_cli.cli import options
from hie_cli.cli.commands import CHAIN, command


@command("detect", CHAIN)
def detect(
    videos: options.Videos,
    output: options.Output = Path("out"),
    model: options.Model = None,
    stills: options.Stills = False,
    preset: options.Preset = None,
    config: options.Config = None,
    sets: options.Set = None,
    device: options.Device = "auto",
    precision: options.Precision = None,
    frames: options.Frames = ":",
    begin: options.Begin = None,
    end: options.End = None,
    overwrite: options.Overwrite = False,
    resume: options.Resume = False,
    json: options.Json = False,
) -> None:
    """Find the people: boxes and scores, to DIR/detect/NAME.json.

    \b
    Examples:
      hie detect crowd.mp4 -o out
      hie detect 'clips/*.avi' -o out --preset fast
      hie detect img1/ -o out --model nanodet --model movenet-multipose --frames 0:100
    """
    from hie_cli.cli.runner import Session
    from hie_cli.pipeline.video_selection import Selection
    from hie_cli.video.frame_range import parse_range

    session = Session(output, preset, config, sets, device, overwrite, resume, json)
    session.choose_precision(precision)
    session.choose_models("detect", model)
    session.run_videos(Selection(videos, parse_range(frames, begin, end), stills), "detect")
