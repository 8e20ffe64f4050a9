"""``hie benchmark``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

import hie_cli
from hie_cli.cli import options
from hie_cli.cli.commands import SET_UP, command
from hie_cli.cli.terminal import show, show_json

if TYPE_CHECKING:
    from hie_cli.benchmarking.results import Benchmark
    from hie_cli.models.runtime import Precision


@command("benchmark", SET_UP)
def benchmark(
    video: Annotated[
        str | None,
        typer.Argument(metavar="[VIDEO]", help="Its first frames; without it rendered crowds."),
    ] = None,
    preset: options.Presets = None,
    model: options.Model = None,
    people: Annotated[
        list[int] | None,
        typer.Option("--people", min=0, help="People in a rendered crowd; repeatable (1, 10, 40)."),
    ] = None,
    frames: Annotated[int, typer.Option("--frame-count", min=2, help="Frames of each input.")] = 40,
    loops: Annotated[bool, typer.Option(help="Compare with simple loops.")] = True,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE", help="A picture of it (PNG).")
    ] = None,
    config: options.Config = None,
    sets: options.Set = None,
    device: options.Device = "auto",
    precision: options.Precision = None,
    json: options.Json = False,
) -> None:
    """Measure how fast the chain is on this machine, and where its time goes.

    Nothing else should be running. Networks of other packages,
    where these are installed, have random weights: their time counts, nothing else.

    \b
    Examples:
      hie benchmark
      hie benchmark crowd.mp4 --preset fast --preset accurate --plot speed.png
      hie benchmark --people 10 --no-loops --json
    """
    found = hie_cli.benchmark(
        video,
        presets=preset or ("fast", "balanced"),
        models=model or (),
        people=people or (1, 10, 40),
        frames=frames,
        loops=loops,
        config=config or [],
        set=sets or [],
        device=device,
        precision=cast("Precision | None", precision),
    )
    if plot is not None:
        hie_cli.plot_benchmark(found, plot)
    if json:
        show_json(found.as_dict())
        return
    for line in table(found):
        show(line)


def table(found: "Benchmark") -> list[str]:
    """What was measured, a line each."""
    wide = max([len(each.input) for each in found.chains] + [5])
    lines = [
        f"{found.machine}, {found.cpus} CPUs",
        f"{'input':<{wide}}  preset     numbers  people  frames/s  CPU s/frame  "
        "network  decode  write  glue    MB",
    ]
    for each in found.chains:
        parts = "".join(f"{each.shares[k]:>{n}.0%}" for k, n in _COLUMNS)
        memory = "" if each.peak_memory_mb is None else each.peak_memory_mb
        lines.append(
            f"{each.input:<{wide}}  {each.preset:<9}  {each.precision:<7}  {each.people:>6.1f}  "
            f"{each.frames_per_second:>8.2f}  {each.cpu_seconds / max(each.frames, 1):>11.3f}"
            f"{parts}{memory:>6}"
        )
    for loop in found.loops:
        note = "" if loop.weights == "same" else "  random weights: time only"
        lines.append(f"{loop.input:<{wide}}  {loop.name}: {loop.frames_per_second} frames/s{note}")
    return lines


_COLUMNS = (("network", 9), ("decode", 8), ("write", 7), ("glue", 6))
