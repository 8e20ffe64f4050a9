"""``hie doctor``."""

import dataclasses
from pathlib import Path

import typer

import hie_cli
from hie_cli.cli import options
from hie_cli.cli.commands import SET_UP, command
from hie_cli.cli.terminal import show, show_json
from hie_cli.core.errors import EXIT_FAILED


@command("doctor", SET_UP)
def doctor(
    output: options.Output = Path("out"),
    device: options.Device = "auto",
    json: options.Json = False,
) -> None:
    """Check this installation: versions, codecs, device, weights, folders, and a short self-test.

    Exit code 1 if anything that hie needs does not work. Nothing is left behind.

    \b
    Examples:
      hie doctor
      hie doctor -o /data/results --json
    """
    found = hie_cli.diagnose(output, device=device)
    if json:
        show_json({"ok": found.ok, "findings": [dataclasses.asdict(f) for f in found.findings]})
    else:
        width = max(len(finding.name) for finding in found.findings)
        for finding in found.findings:
            fix = f"; {finding.fix}" if finding.fix else ""
            mark = "ok  " if finding.ok else "FAIL"
            show(f"{mark}  {finding.name:<{width}}  {finding.detail}{fix}")
    if not found.ok:
        raise typer.Exit(EXIT_FAILED)
