"""``hie train fusion``."""

import dataclasses
import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

import hie_cli
from hie_cli.cli import options
from hie_cli.cli.commands import LEARN, command
from hie_cli.cli.terminal import show, show_json


@command("train fusion", LEARN)
def fusion(
    data: Annotated[
        list[str],
        typer.Argument(metavar="DATA...", help="Stage documents with poses and ids, or truth."),
    ],
    truth: options.LabelledActions = None,
    val: options.Validation = None,
    video: options.VideoOf = None,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", "-m", metavar="NAME", help="A member; repeatable."),
    ] = None,
    scene: Annotated[
        str,
        typer.Option(
            "--scene", metavar="HOW", help="none, scores, or with the scene: prior, concat."
        ),
    ] = "none",
    segmentation: Annotated[
        str | None,
        typer.Option(
            "--segmentation",
            metavar="NETWORK:FILE",
            help="Surfaces too: deeplabv3- or lraspp-mobilenet-v3 with your weights.",
        ),
    ] = None,
    by: Annotated[
        str, typer.Option("--by", metavar="MEASURE", help="What is maximised: wf_mAP or macro.")
    ] = "wf_mAP",
    output: options.Output = Path("out/fusion"),
    device: options.Device = "auto",
    overwrite: options.Overwrite = False,
    json: options.Json = False,
) -> None:
    """Fit several recognisers' weights, and what the scene adds, for `hie action --model FOLDER`.

    Weights and a prior's power are chosen on the videos of --val; what corrects the scores is
    learned on the others: from the scores alone (scores), the scene alone (prior) or both (concat).
    What does not help on --val is left out. Writes card.json and copies of members in folders.

    \b
    Examples:
      hie train fusion out/track --truth labels/ --val 18 -m kinematic -m pose-stream-sim
      hie train fusion out/track --truth labels/ --val '1*' --video clips/ --scene prior
      hie train fusion out/track --truth labels/ --val 18 --video clips/ --scene concat \\
        --segmentation lraspp-mobilenet-v3:lraspp.pth
    """
    done = hie_cli.train_fusion(
        data, truth=truth, val=val or [], video=video or [], model=model or [], scene=scene,
        segmentation=segmentation, by=by, output=output, device=device, overwrite=overwrite,
    )  # fmt: skip
    record = dataclasses.asdict(done) | {"folder": str(done.folder)}
    if json:
        show_json(record)
        return
    folder = shlex.quote(record.pop("folder"))
    show(f"model: {done.folder}, chosen by {by} on the validation")
    show("\n".join(f"  {name:<11} {_words(value)}" for name, value in record.items()))
    show("\nNext:")
    show(f"- Use it: hie action out/track --model {folder} -o new")
    show("  (with --video where the scene, or a member that looks at pixels, is part of it)")
    show("- Measure it on videos that neither it nor its members have seen:")
    show("  hie eval new/action --truth ... --track 4")


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_words(part)}" for name, part in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)
