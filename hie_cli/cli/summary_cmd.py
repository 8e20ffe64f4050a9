"""``hie summary eval`` and ``agreement``."""

from pathlib import Path
from typing import Annotated

import typer

import hie_cli
from hie_cli.cli import options
from hie_cli.cli.commands import SCORE, command
from hie_cli.cli.terminal import show, show_json


@command("summary eval", SCORE)
def evaluate(
    data: Annotated[
        list[str], typer.Argument(metavar="DATA.h5...", help="Features, shots and users' choices.")
    ],
    splits: Annotated[
        Path | None,
        typer.Option("--splits", metavar="JSON", help="train_keys and test_keys. Default: all."),
    ] = None,
    users: options.Users = None,
    method: Annotated[
        list[str] | None,
        typer.Option("--method", metavar="NAME", help="ctvsum (default), or a trained folder."),
    ] = None,
    share: options.Share = 0.15,
    json: options.Json = False,
) -> None:
    """Score summarisers on the field's .h5 files (SumMe, TVSum, your own of that layout).

    F of key shots against users (best and mean user) and rank correlations, with random, uniform
    and constant scores and the users themselves beside every method.

    \b
    Examples:
      hie summary eval eccv16_dataset_tvsum_google_pool5.h5 --users ydata-tvsum50.mat
      hie summary eval summe.h5 --splits summe_splits.json --json
    """
    from hie_cli.core.progress import note

    report = hie_cli.evaluate_summaries(
        data, splits=splits, users=users, methods=method or ("ctvsum",), share=share
    )
    if json:
        show_json(report.record())
        return
    for text in report.notes:
        note(text)
    show(report.table())


@command("summary agreement", SCORE)
def agreement(
    users: Annotated[
        Path, typer.Argument(metavar="FILE", help="TVSum's ydata-tvsum50.mat or ydata-anno.tsv.")
    ],
    json: options.Json = False,
) -> None:
    """How far TVSum's users agree among themselves: tau and rho that a method may hope for.

    \b
    Examples:
      hie summary agreement ydata-tvsum50.mat
    """
    found = hie_cli.summary_agreement(users)
    if json:
        show_json({name: round(value, 4) for name, value in vars(found).items()})
        return
    show(f"{found.videos} videos                   tau    rho")
    show(f"a user and another user     {found.tau:.3f}  {found.rho:.3f}")
    show(f"a user and all others' mean {found.other_tau:.3f}  {found.other_rho:.3f}")
    show(f"a user and everybody's mean {found.all_tau:.3f}  {found.all_rho:.3f}")
