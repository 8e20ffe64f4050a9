"""One behaviour in all commands: what they share is shared by all, and means the same."""

import inspect
import subprocess
import sys
from typing import Any

import pytest
import typer

from hie_cli.cli import options
from hie_cli.cli.app import build, run
from hie_cli.cli.commands import COMMANDS, GROUPS
from hie_cli.cli.help import summary
from hie_cli.core.errors import ConfigError

ROOT: Any = typer.main.get_command(build())
NAMES = sorted(COMMANDS)
EVERYWHERE = {"--quiet", "--verbose", "--log", "--json", "--help"}
# Options with one meaning, and the commands that have it; elsewhere it would mean nothing.
SIDE_BY_SIDE = {"run", "mine index", "summarize", "eval", "simulate"}
WHERE = {
    # Many videos, sequences or crowds at a time.
    "--workers": SIDE_BY_SIDE,
    "--engine": SIDE_BY_SIDE,
    "--address": SIDE_BY_SIDE,
    # Whatever writes files.
    "--output": {
        *(
            "summarize",
            "train summary",
        ),
        *("run", "detect", "pose", "track", "action", "render", "report", "convert", "submit"),
        *("mine index", "mine search", "mine dedupe", "train hash"),
        *("data check", "data show"),
        *(
            "train detect",
            "train pose",
            "simulate",
            "train action",
            "train fusion",
            "config init",
            "doctor",
            "analyse",
            "zones",
        ),
    },
    "--overwrite": {
        *(
            "summarize",
            "train summary",
        ),
        *("run", "detect", "pose", "track", "action", "render", "report", "convert", "submit"),
        *(
            "simulate",
            "train action",
            "train fusion",
            "train hash",
            "train detect",
            "train pose",
            "export",
            "config init",
            "models import",
            "models pull",
            "analyse",
        ),
    },
    # Whatever has settings.
    "--config": {
        *("train summary",),
        *("run", "detect", "pose", "track", "action", "render", "eval", "simulate"),
        *(
            "train action",
            "train hash",
            "train detect",
            "train pose",
            "config show",
            "analyse",
            "benchmark",
        ),
    },
    # Whatever the chain's presets set.
    "--preset": {"run", "detect", "pose", "track", "action", "render", "config show", "benchmark"},
    # Whatever runs networks.
    "--device": {
        *(
            "summarize",
            "train summary",
        ),
        "run",
        "detect",
        "pose",
        "track",
        "action",
        "train action",
        "train fusion",
        "train hash",
        "mine index",
        "mine search",
        "data check",
        "train detect",
        "train pose",
        "doctor",
        "models calibrate",
        "models benchmark",
        "benchmark",
    },
    "--precision": {"run", "detect", "pose", "models benchmark", "benchmark"},
    # Whatever reads videos.
    "--stills": {"run", "detect"},
    "--begin": {"run", "detect"},
    "--end": {"run", "detect"},
    # Whatever tells people apart.
    "--online": {"run", "track"},
    "--appearance": {"run", "track"},
    # Whatever takes long and can go on where it was.
    "--resume": {
        *("train summary", "summarize"),
        "run",
        "detect",
        "pose",
        "track",
        "action",
        "train action",
        "train hash",
        "train detect",
        "train pose",
    },
}
# Keys of a manifest, and of the augmentation.
WHERE["--set"] = WHERE["--config"] | {"models import", "data show"}
MEANING = {
    "--quiet": options.Quiet,
    "--verbose": options.Verbose,
    "--log": options.Log,
    "--json": options.Json,
    "--config": options.Config,
    "--set": options.Set,
    "--preset": options.Preset,
    "--device": options.Device,
    "--precision": options.Precision,
    "--stills": options.Stills,
    "--begin": options.Begin,
    "--end": options.End,
    "--online": options.Online,
    "--appearance": options.Appearance,
    "--overwrite": options.Overwrite,
    "--resume": options.Resume,
    "--workers": options.Workers,
    "--engine": options.Engine,
    "--address": options.Address,
}


def click_command(name: str) -> Any:
    command = ROOT
    for part in name.split():
        command = command.commands[part]
    return command


def own_options(name: str) -> dict[str, Any]:
    parameters = click_command(name).params
    return {o: p for p in parameters if p.param_type_name == "option" for o in p.opts}


def test_the_tables_know_every_command():
    named = set().union(*WHERE.values())
    assert named <= set(NAMES), named - set(NAMES)
    assert len(NAMES) >= 19


@pytest.mark.parametrize("name", NAMES)
def test_shared_options_are_where_they_belong(name):
    found = set(own_options(name))
    assert found >= EVERYWHERE - {"--help"}
    for option, commands in WHERE.items():
        assert (option in found) == (name in commands), option


@pytest.mark.parametrize("name", NAMES)
def test_shared_options_mean_the_same(name):
    """The very same declaration: name, short name, help and type."""
    kinds = inspect.get_annotations(COMMANDS[name].run, eval_str=True).values()
    found = own_options(name)
    for option, kind in MEANING.items():
        if option in found:
            several = option == "--preset" and options.Presets in kinds
            assert kind in kinds or several, f"{option} of {name} is declared anew"
    if "--output" in found:
        assert "-o" in found


@pytest.mark.parametrize("name", NAMES)
def test_at_most_12_options_of_its_own_under_one_heading(name):
    shared = EVERYWHERE | set(WHERE)
    panels: dict[Any, set[str]] = {}
    for option, parameter in own_options(name).items():
        if option.startswith("--") and not shared & set(parameter.opts):
            panel = getattr(parameter, "rich_help_panel", None)
            panels.setdefault(panel, set()).add(parameter.name)
    assert all(len(own) <= 12 for own in panels.values()), panels


@pytest.mark.parametrize("name", NAMES)
def test_help_has_a_summary_examples_and_panels(name, capsys):
    assert run([*name.split(), "--help"]) == 0
    text = capsys.readouterr().out
    assert "Examples:" in text
    assert f"hie {name} " in text.partition("Examples:")[2] + " "
    assert text.index("Common options:") > text.index("Examples:")
    for option in own_options(name).values():
        assert option.help, option.name
    assert max(map(len, text.splitlines())) <= 100


def test_the_root_gives_every_summary_in_full(capsys):
    assert run(["--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    for name in NAMES:
        if " " not in name:
            assert summary(click_command(name).help) in text
    for _, words in GROUPS.values():
        assert words in text
    assert "..." not in text.partition("Exit codes")[2]


@pytest.mark.parametrize("name", NAMES)
def test_unknown_options_are_one_line(name):
    with pytest.raises(ConfigError) as found:
        run([*name.split(), "--quiett"])
    message = str(found.value)
    assert message.startswith(f"{name}: no such option: --quiett")
    assert message.startswith(f"{name}: no such option: --quiett; did you mean '--quiet'?; see hie")
    assert "\n" not in message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["detekt"], "no such command 'detekt'; did you mean 'detect'?; see hie --help"),
        (["models", "lsit"], "models: no such command 'lsit'; did you mean 'list'?"),
        (["detect"], "detect: missing argument 'VIDEO...'; see hie detect --help"),
        (["run", "a.mp4", "--workers", "0"], "run: invalid value for '--workers'"),
        (["run", "a.mp4", "--workers", "many"], "run: invalid value for '--workers'"),
        (["doctor", "--quiet", "--verbose"], "--quiet and --verbose contradict each other"),
        (["doctor", "--log", "no/such/folder/log"], "--log no/such/folder/log: cannot be written"),
        (["run", "a.mp4", "--device", "cdua"], "--device cdua: unknown; did you mean 'cuda'?"),
        (["models", "list", "--task", "poes"], "--task poes: unknown; did you mean 'pose'?"),
        (["config", "show", "--of", "evl"], "--of evl: unknown; did you mean 'eval'?"),
        (["config", "show", "rendr"], "rendr: no such setting; did you mean 'render'?"),
    ],
)
def test_wrong_usage_is_one_line_with_the_nearest_name(arguments, message):
    with pytest.raises(ConfigError) as found:
        run(arguments)
    assert str(found.value).startswith(message)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize("arguments", [[], ["models"], ["config"], ["train"]])
def test_a_group_alone_shows_its_help(arguments, capsys):
    assert run(arguments) == 2
    assert "Usage: hie" in capsys.readouterr().out


def hie(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hie_cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path), **environment},
    )


def test_completion():
    shown = hie("--show-completion", "bash", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert "complete -o default -F _hie_completion hie" in shown.stdout
    words = {"_HIE_COMPLETE": "complete_bash", "COMP_CWORD": "1"}
    assert hie(COMP_WORDS="hie de", **words).stdout.split() == ["detect"]
    words["COMP_CWORD"] = "3"
    assert hie(COMP_WORDS="hie run --preset ac", **words).stdout.split() == ["accurate"]
    assert "nanodet" in hie(COMP_WORDS="hie detect -m nano", **words).stdout.split()


def test_verbose_adds_the_traceback_and_nothing_else_does():
    plain = hie("report", "no-such-folder")
    assert plain.returncode == 3
    assert len(plain.stderr.splitlines()) == 1
    for done in (
        hie("report", "no-such-folder", "--verbose"),
        hie("report", "no-such-folder", HIE_DEBUG="1"),
    ):
        assert done.returncode == 3
        assert done.stderr.startswith(plain.stderr)
        assert "Traceback" in done.stderr
