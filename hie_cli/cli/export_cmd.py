"""``hie export``."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

import hie_cli
from hie_cli.cli import options
from hie_cli.cli.commands import LEARN, command
from hie_cli.cli.terminal import show, show_json


@command("export", LEARN)
def export(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A packaged network, or a folder of `hie train`.",
            autocompletion=options.beginning(options.model_names),
        ),
    ],
    onnx: Annotated[Path, typer.Option("--onnx", metavar="FILE", help="The file to write.")],
    int8: Annotated[
        list[str] | None,
        typer.Option("--int8", metavar="CLIP", help="Also in 8 bits, ranges of this; repeatable."),
    ] = None,
    fp16: Annotated[bool, typer.Option("--fp16", help="Also in float16.")] = False,
    check: Annotated[
        list[str] | None,
        typer.Option("--check", metavar="CLIP", help="Compare with torch on this; repeatable."),
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option(
            "--truth", metavar="DATA", help="Accuracy of each on what DATA.yaml holds out."
        ),
    ] = None,
    overwrite: options.Overwrite = False,
    json: options.Json = False,
) -> None:
    """Write a network as an ONNX file that runs elsewhere, checked against torch.

    Every network but the two-stage ones, packaged, imported by its weights, or trained. Beside each
    file lies a manifest with which `hie models import` takes it; metadata inside say layout,
    classes, input and licence.

    \b
    Examples:
      hie export nanodet --onnx nanodet.onnx
      hie export out/detector --onnx mine.onnx --fp16 --int8 crowd.mp4 --truth data.yaml
      hie models import mine.onnx --manifest mine.yaml
    """
    done = hie_cli.export_model(
        name, onnx, int8=int8 or (), fp16=fp16, check=check or (), truth=truth, overwrite=overwrite
    )
    if json:
        rows = [{**asdict(each), "file": str(each.file)} for each in done]
        show_json({"files": rows})
        return
    figures = list(done[0].torch_accuracy)
    heads = "".join(f" {name:>7}" for name in figures)
    show(
        f"{'file':<32} {'MB':>6} {'ms':>7} {'worst px':>9} {'mean px':>8} {'lost':>5} {'extra':>5}"
        f"{heads}"
    )
    torch_ms = 1000 * done[0].compared.torch_seconds
    show(f"{'torch':<32} {'':6} {torch_ms:7.1f} {'':29}{_row(done[0].torch_accuracy)}".rstrip())
    for each in done:
        c = each.compared
        show(
            f"{each.file.name:<32} {each.bytes / 1e6:6.2f} {1000 * c.seconds:7.1f} {c.worst:9.3f} "
            f"{c.mean:8.4f} {c.lost:5d} {c.extra:5d}{_row(each.accuracy)}"
        )
    show(f"next: hie models import {onnx} --manifest {onnx.with_suffix('.yaml')}")


def _row(figures: dict[str, float]) -> str:
    return "".join(f" {value:7.3f}" for value in figures.values())
