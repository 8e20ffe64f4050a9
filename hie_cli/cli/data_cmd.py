"""``hie data``: training data looked through and drawn."""

from pathlib import Path
from typing import Annotated

import typer

import hie_cli
from hie_cli.cli import options
from hie_cli.cli.commands import LEARN, command
from hie_cli.cli.terminal import show, show_json
from hie_cli.core.errors import EXIT_FAILED

_SHOWN = 20  # problems on the terminal; all are in the file

Data = Annotated[Path, typer.Argument(metavar="DATA", help="A DATA.yaml (docs/training.md).")]


@command("data check", LEARN)
def check(
    data: Data,
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", metavar="NAME", help="Look for unlabelled people too."),
    ] = None,
    output: options.Output = Path("out/data"),
    device: options.Device = "auto",
    json: options.Json = False,
) -> None:
    """Find broken, duplicated, leaking and mislabelled pictures before training on them.

    Writes DIR/problems.json and DIR/statistics.png: sizes of people, people a picture, crowding,
    labelled joints, actions, of what is trained on and of what is held out. Exit code 1 for any
    problem.

    \b
    Examples:
      hie data check data.yaml -o out/data
      hie data check data.yaml --model nanodet --json
    """
    found = hie_cli.check_data(data, model=model, output=output, device=device)
    sides = {"training": found.training.numbers(), "validation": found.validation.numbers()}
    if json:
        listed = [vars(problem) for problem in found.problems]
        show_json(
            {"folder": str(found.folder), "counts": found.counts, "problems": listed, **sides}
        )
    else:
        for name, numbers in sides.items():
            told = ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in numbers.items() if v != {})
            show(f"{name}: {told}")
        for problem in found.problems[:_SHOWN]:
            show(f"{problem.kind}: {problem.place}: {problem.what}")
        if len(found.problems) > _SHOWN:
            show(f"... {len(found.problems)} in all: {found.folder / 'problems.json'}")
        show("nothing wrong" if not found.problems else f"problems: {found.counts}")
    if found.problems:
        raise typer.Exit(EXIT_FAILED)


@command("data show", LEARN)
def samples(
    data: Data,
    task: Annotated[
        str, typer.Option("--task", help="detect: whole pictures; pose: a person each.")
    ] = "detect",
    count: Annotated[int, typer.Option("--count", metavar="N", min=1, help="Samples.")] = 12,
    plain: Annotated[
        bool, typer.Option("--plain", help="As they are, without augmentation.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the random choice.")] = 0,
    output: options.Output = Path("out/data"),
    sets: options.Set = None,
    json: options.Json = False,
) -> None:
    """Draw random samples as training sees them, with boxes and joints, to DIR/samples.png.

    Ignored people are grey and ignored pixels dark; right joints are red, left ones blue.

    \b
    Examples:
      hie data show data.yaml -o out/data
      hie data show data.yaml --task pose --count 24 --set rotate=40
    """
    path = hie_cli.show_data(
        data, task=task, count=count, plain=plain, set=sets, seed=seed, output=output
    )
    show_json({"file": str(path)}) if json else show(str(path))
