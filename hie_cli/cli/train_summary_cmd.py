"""``hie train summary``."""

from pathlib import Path
from typing import Annotated

import typer

import hie_cli
from hie_cli.cli import options
from hie_cli.cli.commands import LEARN, command
from hie_cli.cli.terminal import show, show_json


@command("train summary", LEARN)
def summary(
    data: Annotated[
        list[str], typer.Argument(metavar="DATA...", help=".h5 files of the field, or videos.")
    ],
    splits: Annotated[
        Path | None,
        typer.Option("--splits", metavar="JSON", help="Train and score each split of .h5 files."),
    ] = None,
    users: options.Users = None,
    share: options.Share = 0.15,
    model: Annotated[
        str, typer.Option("--model", "-m", metavar="NAME", help="The backbone, for videos.")
    ] = "mobilenet-v2",
    output: options.Output = Path("out/summarizer"),
    config: options.Config = None,
    sets: options.Set = None,
    device: options.Device = "auto",
    overwrite: options.Overwrite = False,
    resume: options.Resume = False,
    json: options.Json = False,
) -> None:
    """Learn to score frames: SUM-GDA (unsupervised, or --set gda.learn=supervised) or Cycle-SUM.

    With --splits one command makes the papers' tables: F, tau and rho of each split's test videos,
    beside random, uniform and constant scores, the users and ctvsum.

    \b
    Examples:
      hie train summary tvsum.h5 --splits tvsum_splits.json --users ydata-tvsum50.mat -o out/gda
      hie train summary tvsum.h5 --splits tvsum_splits.json --set network=cycle-sum -o out/cycle
      hie train summary clips/ -o out/own
    """
    from hie_cli.core.progress import note

    done = hie_cli.train_summary(
        data, output=output, splits=splits, users=users, share=share, model=model, config=config,
        set=sets, device=device, resume=resume, overwrite=overwrite,
    )  # fmt: skip
    if json:
        table = {} if done.report is None else done.report.record()
        show_json({"folder": str(done.folder), "numbers": done.numbers, **table})
        return
    if done.report is not None:
        for text in done.report.notes:
            note(text)
        show(done.report.table())
        show(f"next: hie summary eval DATA.h5 --splits JSON --method {done.folder}")
        return
    show("\n".join(f"{name:<10} {value}" for name, value in done.numbers.items()))
    field = Path(data[0]).suffix.lower() in (".h5", ".hdf5")
    told = "summary eval DATA.h5" if field else "summarize VIDEO..."
    show(f"next: hie {told} --method {done.folder}")
