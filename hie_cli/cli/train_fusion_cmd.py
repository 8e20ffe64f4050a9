"""``hie train fusion``."""

import json as json_module
from pathlib import Path
from typing import Annotated

import typer

from hie_cli.cli import options


def fusion(
    data: Annotated[
        list[str],
        typer.Argument(metavar="DATA...", help="Stage documents with poses and ids, or truth."),
    ],
    truth: Annotated[
        Path | None,
        typer.Option("--truth", metavar="PATH", help="Ground truth with the documents' actions."),
    ] = None,
    val: Annotated[
        list[str] | None,
        typer.Option("--val", metavar="NAME", help="Video to validate on, or pattern; repeatable."),
    ] = None,
    video: options.VideoOf = None,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", "-m", metavar="NAME", help="A member; repeatable."),
    ] = None,
    scene: Annotated[
        str,
        typer.Option(
            "--scene", metavar="HOW", help="none, scores, or with the place: prior, concat."
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
    quiet: options.Quiet = False,
) -> None:
    """Fit several recognisers' weights, and what the place adds, for `hie action --model FOLDER`.

    Weights and a prior's power are chosen on the videos of --val; what corrects the scores is
    learned on the others: from the scores alone (scores), the place alone (prior) or both (concat).
    What does not help on --val is left out. Writes card.json and copies of members in folders.

    \b
    Examples:
      hie train fusion out/track --truth labels/ --val 18 -m kinematic -m pose-stream-sim
      hie train fusion out/track --truth labels/ --val '1*' --video clips/ --scene prior
      hie train fusion out/track --truth labels/ --val 18 --video clips/ --scene concat \\
        --segmentation lraspp-mobilenet-v3:lraspp.pth
    """
    from hie_cli.training.action.train_fusion import run, wanted

    what = wanted(model or [], scene, segmentation, by)
    done = run(data, truth, val or [], video or [], what, output, device, overwrite, quiet)
    print(json_module.dumps(done))
