"""``hie train pose``."""

import shlex
from pathlib import Path

import hie_cli
from hie_cli.cli import options
from hie_cli.cli.commands import LEARN, command
from hie_cli.cli.train_output import show_network


@command("train pose", LEARN)
def pose(
    data: options.LabelledPictures,
    start: options.StartNetwork = None,
    output: options.Output = Path("out/pose-network"),
    config: options.Config = None,
    sets: options.Set = None,
    device: options.Device = "auto",
    overwrite: options.Overwrite = False,
    resume: options.Resume = False,
    json: options.Json = False,
) -> None:
    """Train a pose network on your own data; its folder is then one for `hie pose --model`.

    MoveNet Lightning, from the packaged weights; --set network= movenet-thunder, lightning-simcc
    (bins for maps), simplebaseline-r50, hrnet-w32 or hrnet-w48 (from --start). It learns from
    windows round single people. Writes weights.safetensors, card.json with its calibration,
    log.csv, curves.png and last.pt.

    \b
    Examples:
      hie train pose data.yaml -o out/joints
      hie train pose data.yaml --set network=movenet-thunder --set batch=8 -o out/thunder
      hie pose out/detect --video crowd.mp4 --model out/joints -o new
    """
    done = hie_cli.train_pose(
        data, start=start, output=output, config=config, set=sets, device=device, resume=resume,
        overwrite=overwrite,
    )  # fmt: skip
    folder = shlex.quote(str(done.folder))
    show_network(done, f"hie pose out/detect --video VIDEO --model {folder} -o new", json)
