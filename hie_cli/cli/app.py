"""The ``hie`` command and its subcommands."""

from typing import Annotated

import typer

from hie_cli import __version__
from hie_cli.cli.action_cmd import action
from hie_cli.cli.convert_cmd import convert
from hie_cli.cli.detect_cmd import detect
from hie_cli.cli.eval_cmd import evaluate
from hie_cli.cli.models_cmd import app as models
from hie_cli.cli.pose_cmd import pose
from hie_cli.cli.render_cmd import render
from hie_cli.cli.report_cmd import report
from hie_cli.cli.run_cmd import run
from hie_cli.cli.simulate_cmd import simulate
from hie_cli.cli.submit_cmd import submit
from hie_cli.cli.track_cmd import track
from hie_cli.cli.train_cmd import app as train

app = typer.Typer(
    name="hie",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"hie {__version__}")
        raise typer.Exit


@app.callback()
def hie(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Understand people in crowded video: boxes, poses, tracks and actions.

    \b
    hie run crowd.mp4 -o out              everything, to out/ (JSON, overlay video, contact sheet)
    hie detect crowd.mp4 -o out           one stage at a time; each reads the one before
    hie eval out/track --truth gt.txt     the challenge's numbers

    \b
    Exit codes: 0 ok, 1 ran but something failed, 2 wrong usage or configuration,
    3 bad input data, 4 model or weights, 130 interrupted.
    """


app.command()(run)
app.command()(detect)
app.command()(pose)
app.command()(track)
app.command()(action)
app.command()(render)
app.command()(report)
app.command("eval")(evaluate)
app.command()(convert)
app.command()(submit)
app.command()(simulate)
app.add_typer(train, name="train")
app.add_typer(models, name="models")
