"""``hie config``: settings shown, or written as a file to start from."""

from pathlib import Path
from typing import Annotated, Any

import typer

from hie_cli.cli import options
from hie_cli.cli.commands import SET_UP, command
from hie_cli.cli.terminal import show, show_json
from hie_cli.core.errors import ConfigError, nearest

# The commented files that state the defaults of each kind of settings.
FILES = {
    "run": ("video", "detect", "pose", "refine", "track", "action", "render"),
    "eval": ("eval",),
    "simulate": ("simulate",),
    "train-action": ("train-action",),
    "analyse": ("analyse",),
}
Of = Annotated[
    str,
    typer.Option(
        "--of",
        metavar="COMMAND",
        help="run (and its stages), eval, simulate, train-action or analyse.",
        autocompletion=options.beginning(lambda: list(FILES)),
    ),
]


@command("config show", SET_UP)
def show_settings(
    key: Annotated[
        str | None, typer.Argument(metavar="[KEY]", help="Only this part, such as render.")
    ] = None,
    of: Of = "run",
    preset: options.Preset = None,
    config: options.Config = None,
    sets: options.Set = None,
    json: options.Json = False,
) -> None:
    """Show the settings that a command would use, as YAML: defaults, preset, files, single ones.

    \b
    Examples:
      hie config show
      hie config show detect --preset accurate
      hie config show --of eval --set box.iou=0.3 --json
    """
    from hie_cli.core.config import as_dict

    values = _plain(as_dict(_settings(of, preset, config, sets)))
    for part in key.split(".") if key else ():
        if not isinstance(values, dict) or part not in values:
            known = list(values) if isinstance(values, dict) else []
            raise ConfigError(
                f"{key}: no such setting{nearest(part, known)} (known: {', '.join(known)})"
            )
        values = values[part]
    if json:
        show_json(values)
        return
    for part in reversed(key.split(".") if key else ()):
        values = {part: values}
    show(_yaml(values), end="")


def _yaml(values: Any) -> str:
    """A key a line, lists in one."""
    import yaml

    class Dumper(yaml.SafeDumper):
        pass

    def in_one_line(dumper: Dumper, items: list[Any]) -> yaml.Node:
        return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=True)

    Dumper.add_representer(list, in_one_line)
    text: str = yaml.dump(values, Dumper=Dumper, sort_keys=False, width=100)
    return text


@command("config init", SET_UP)
def init(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="YAML", help="The file to write.")
    ] = Path("hie.yaml"),
    of: Of = "run",
    overwrite: options.Overwrite = False,
    json: options.Json = False,
) -> None:
    """Write a YAML file of all defaults, each explained; keep the lines you change.

    \b
    Examples:
      hie config init
      hie config init --of eval -o eval.yaml
    """
    from hie_cli.formats.files import atomic_write, taken
    from hie_cli.pipeline.settings import shipped_configs

    _check(of)
    if not overwrite and taken(output):
        raise ConfigError(f"{output}: exists already; --overwrite replaces it")
    texts = [(shipped_configs() / f"{name}.yaml").read_text("utf-8") for name in FILES[of]]
    with atomic_write(output) as file:
        file.write("\n".join(texts))
    if json:
        show_json({"file": str(output)})
    else:
        show(str(output))


def _check(of: str) -> None:
    if of not in FILES:
        raise ConfigError(
            f"--of {of}: unknown{nearest(of, list(FILES))} (known: {', '.join(FILES)})"
        )


def _settings(
    of: str, preset: str | None, config: list[Path] | None, sets: list[str] | None
) -> Any:
    """The settings of a command as its record."""
    from hie_cli.core.config import load

    _check(of)
    if of == "run":
        from hie_cli.pipeline.settings import load_chain

        return load_chain(preset, config or [], sets or [])
    if preset is not None:
        raise ConfigError(f"--preset is for run and its stages; drop it for --of {of}")
    return load(_defaults(of), config, sets)


def _defaults(of: str) -> Any:
    if of == "eval":
        from hie_cli.evaluation.settings import EvalConfig

        return EvalConfig()
    if of == "analyse":
        from hie_cli.analysis.settings import AnalysisConfig

        return AnalysisConfig()
    if of == "simulate":
        from hie_cli.simulation.generate import SimulateConfig

        return SimulateConfig()
    from hie_cli.training.action.settings import TrainConfig

    return TrainConfig()


def _plain(value: Any) -> Any:
    """Tuples as lists, at any depth."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value
