"""What mkdocs adds to docs/: pages made of the commands' help, the settings, the API.

A hook of mkdocs.yml. Links from docs/ to files of the repository lead to their page, if there is
one, and are plain text otherwise, so that the same pages can be read in the repository.
"""

import inspect
import re
import sys
from pathlib import Path
from typing import Any

import typer
from mkdocs.structure.files import File

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

_PAGES = {"CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md"}
_OUTSIDE = re.compile(r"\[([^\]]*)\]\(\.\./([^)#]*)(#[^)]*)?\)")


def on_config(config: Any) -> Any:
    """Pages of docs/ that the navigation does not name stand at its end."""
    named = set(re.findall(r"'([^']*\.md)'", repr(config.nav)))
    there = sorted(p.relative_to(ROOT / "docs").as_posix() for p in (ROOT / "docs").rglob("*.md"))
    left = [page for page in there if page not in named]
    if left:
        config.nav.append({"More": left})
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the generated pages."""
    for address, text in generated().items():
        files.append(File.generated(config, address, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Lead links out of docs/ to pages of the site."""
    return inner_links(markdown, page.file.src_uri.count("/"))


def inner_links(markdown: str, depth: int = 0) -> str:
    """``markdown`` of a page ``depth`` folders below docs/ without links out of it."""

    def leading(found: re.Match[str]) -> str:
        up = "../" * depth
        if not found[2].startswith(up):
            return found[0]  # to another page of docs/
        words, target = found[1], found[2].removeprefix(up)
        if target in _PAGES:
            return f"[{words}]({up}{_PAGES[target]})"
        if target.startswith("configs/") and target.endswith(".yaml"):
            return f"[{words}]({up}settings.md#{_anchor(Path(target).name)})"
        return f"`{words}`" if (ROOT / target).exists() else found[0]

    return _OUTSIDE.sub(leading, markdown)


def generated() -> dict[str, str]:
    """Every generated page by its address."""
    pages = {target: _from_root(name) for name, target in _PAGES.items()}
    return pages | _commands() | {"settings.md": _settings(), "api-reference.md": _api()}


def _from_root(name: str) -> str:
    """A page of the repository's top; links into docs/ are those of the site."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.sub(r"\]\(docs/", "](", text)


def _anchor(title: str) -> str:
    return title.replace(".", "").lower()


def _settings() -> str:
    parts = [
        "# Settings\n\nThe defaults, as `hie config init` writes them, and the presets. Every key "
        "can be given with `--set`, in a file with `--config`, or in Python with `set=`.\n"
    ]
    for path in sorted((ROOT / "configs").glob("*.yaml")):
        text = path.read_text(encoding="utf-8").rstrip()
        parts.append(f"## {path.name}\n\n```yaml\n{text}\n```\n")
    return "\n".join(parts)


def _api() -> str:
    import hie_cli

    parts = [
        "# Functions\n\nAll that `import hie_cli` offers; [the guide](api.md) shows how it goes "
        "together.\n"
    ]
    for name, home in sorted(hie_cli._HOMES.items(), key=lambda pair: pair[0].lower()):
        if not name.startswith("_"):
            parts.append(f"::: hie_cli.{home}.{name}\n")
    parts.append("## Keywords that they share\n\n::: hie_cli.pipeline.keywords\n")
    return "\n".join(parts)


def _commands() -> dict[str, str]:
    """A page for every command, and their list."""
    from hie_cli.cli.app import build
    from hie_cli.cli.commands import COMMANDS, PANELS
    from hie_cli.cli.help import summary

    root: Any = typer.main.get_command(build())
    pages, lines = {}, ["# Commands\n\nMade of the commands' own `--help`.\n"]
    for panel in PANELS:
        chosen = [item for item in COMMANDS.values() if _panel(item) == panel]
        if chosen:
            lines.append(f"## {panel}\n\n| command | does |\n| --- | --- |")
        for item in chosen:
            command = root
            for part in item.name.split():
                command = command.commands[part]
            file = f"{item.name.replace(' ', '-')}.md"
            pages[f"commands/{file}"] = _command(item.name, command)
            lines.append(f"| [`hie {item.name}`]({file}) | {_cell(summary(command.help or ''))} |")
        lines.append("")
    return pages | {"commands/index.md": "\n".join(lines)}


def _panel(item: Any) -> str:
    from hie_cli.cli.commands import GROUPS

    group = item.name.rpartition(" ")[0]
    return GROUPS[group][0] if group else item.panel


def _command(name: str, command: Any) -> str:
    """One command: what it does, its examples, its arguments and options."""
    from hie_cli.cli.options import COMMON

    context = command.make_context(name, [], resilient_parsing=True)
    usage = " ".join(command.collect_usage_pieces(context))
    parts = [f"# hie {name}\n", f"```console\n$ hie {name} {usage}\n```\n"]
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        text = paragraph.replace("\b", "").strip("\n")
        if text.startswith("Examples:"):
            shown = inspect.cleandoc(text.removeprefix("Examples:").strip("\n"))
            parts.append(f"## Examples\n\n```sh\n{shown}\n```\n")
        else:
            parts.append(_cell(" ".join(text.split())) + "\n")
    own, shared = [], []
    for parameter in command.get_params(context):
        row = parameter.get_help_record(context)
        if row is None:
            continue
        common = getattr(parameter, "rich_help_panel", None) == COMMON or "--help" in parameter.opts
        (shared if common else own).append(row)
    for title, rows in (("Arguments and options", own), ("Common options", shared)):
        if rows:
            body = "\n".join(f"| `{left}` | {_cell(right)} |" for left, right in rows)
            parts.append(f"## {title}\n\n| option | does |\n| --- | --- |\n{body}\n")
    return "\n".join(parts)


def _cell(text: str) -> str:
    """Text of the help as markdown that shows it as it is."""
    return re.sub(r"([|<>*_\[\]])", r"\\\1", " ".join(text.split()))
