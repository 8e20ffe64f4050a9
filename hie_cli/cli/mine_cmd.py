"""``hie mine index``, ``search`` and ``dedupe``."""

from pathlib import Path
from typing import Annotated

import typer

import hie_cli
from hie_cli.cli import options
from hie_cli.cli.commands import FIND, command
from hie_cli.cli.terminal import show, show_json

Index = Annotated[Path, typer.Argument(metavar="INDEX", help="Folder that `hie mine index` made.")]
Near = Annotated[
    float,
    typer.Option(
        "--near", metavar="SHARE", help="Share of bits up to which codes are duplicates; 0: none."
    ),
]
DocumentsOf = Annotated[
    list[str] | None,
    typer.Option(
        "--documents", metavar="DOC", help="Track or action documents of the videos, by name."
    ),
]


@command("mine index", FIND)
def index(
    pool: Annotated[
        list[str], typer.Argument(metavar="POOL...", help="Videos, folders of videos, globs.")
    ],
    output: options.Output = Path("out/index"),
    documents: DocumentsOf = None,
    encoder: Annotated[
        Path | None, typer.Option("--encoder", metavar="DIR", help="A head of `hie train hash`.")
    ] = None,
    bits: Annotated[
        int | None, typer.Option("--bits", metavar="N", help="Of a code, without --encoder: 64.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", metavar="NAME", help="The backbone: mobilenet-v2."),
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--kind", help="flat (exact, default), ivf or hnsw.")
    ] = None,
    level: Annotated[
        list[str] | None,
        typer.Option("--level", help="shots (default), frames, persons; repeatable."),
    ] = None,
    rate: Annotated[
        float | None, typer.Option("--rate", metavar="R", help="Frames a second looked at: 2.")
    ] = None,
    every: Annotated[
        float | None,
        typer.Option(
            "--every", metavar="S", help="Seconds from clip to clip (--encoder of clips): 2."
        ),
    ] = None,
    longest: Annotated[
        float | None,
        typer.Option("--longest", metavar="S", help="Seconds; longer shots are divided: 20."),
    ] = None,
    workers: options.Workers = None,
    engine: options.Engine = "local",
    address: options.Address = None,
    device: options.Device = "auto",
    json: options.Json = False,
) -> None:
    """Describe the shots of a pool of videos, so that `hie mine search` finds them.

    Run it again to add videos or to go on after an interruption; what is there is passed over.

    \b
    Examples:
      hie mine index footage/ -o out/index
      hie mine index footage/ -o out/index --documents out/track --level shots --level persons
      hie mine index footage/ -o out/index --encoder out/hash
      hie mine index footage/ -o out/index --workers 2
    """
    done = hie_cli.mine_index(
        pool, output=output, documents=documents or (), encoder=encoder, bits=bits, model=model,
        kind=kind, levels=level or (), rate=rate, every=every, longest=longest,
        device=device, workers=workers, engine=engine, address=address,
    )  # fmt: skip
    if json:
        failed = [{"video": name, "reason": reason} for name, reason in done.failed]
        show_json({"folder": str(done.folder), "items": done.items, "added": done.added,
                   "known": done.known, "failed": failed})  # fmt: skip
    else:
        told = f"{done.folder}: {done.items} items; {len(done.added)} videos added"
        show(f"{told}, {len(done.known)} known, {len(done.failed)} left out")
    if done.failed:
        raise typer.Exit(1)


@command("mine search", FIND)
def search(
    index: Index,
    like: Annotated[
        list[str],
        typer.Option("--like", metavar="CLIP", help="Videos or images to look for; repeatable."),
    ],
    count: Annotated[int, typer.Option("-k", metavar="N", help="How many.")] = 50,
    documents: DocumentsOf = None,
    near: Near = 0.05,
    diversity: Annotated[
        float, typer.Option("--diversity", metavar="D", help="0 (likeness alone) to 1 (variety).")
    ] = 0.0,
    crowd: Annotated[
        float,
        typer.Option("--crowd", metavar="W", help="How much other crowd statistics count, 0 to 1."),
    ] = 0.1,
    own: Annotated[
        bool, typer.Option("--own", help="Keep the query's own videos and near-duplicates.")
    ] = False,
    level: Annotated[
        str | None, typer.Option("--level", help="Only shots, frames or persons. Default: all.")
    ] = None,
    output: options.Output = Path("out/found"),
    device: options.Device = "auto",
    json: options.Json = False,
) -> None:
    """Find the parts of an index that look like clips or images of yours.

    Writes results.json, cuts.json (a list of video and frames) and results.jpg into DIR.

    \b
    Examples:
      hie mine search out/index --like fight.mp4 -k 20 -o out/found
      hie mine search out/index --like 'examples/*.jpg' --diversity 0.5
    """
    found = hie_cli.mine_search(
        index, like, output=output, count=count, documents=documents or (), near=near,
        diversity=diversity, crowd=crowd, own=own, level=level, device=device,
    )  # fmt: skip
    if json:
        show_json({"results": [result.record() for result in found]})
        return
    for result in found:
        item = result.item
        seconds = f"{item.start / item.fps:8.1f} {item.end / item.fps:8.1f}"
        show(f"{result.score:.3f} {seconds}  {item.video}")
    show(f"{len(found)} found: {output}")


@command("mine dedupe", FIND)
def dedupe(
    index: Index,
    near: Near = 0.05,
    level: Annotated[str, typer.Option("--level", help="shots, frames or persons.")] = "shots",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="For duplicates.json and cuts.json."),
    ] = None,
    json: options.Json = False,
) -> None:
    """List the parts of an index that show the same thing.

    With -o, cuts.json lists all parts but the duplicates, for `hie run --cuts`.

    \b
    Examples:
      hie mine dedupe out/index
      hie mine dedupe out/index -o out/unique
      hie mine dedupe out/index --near 0.1 --json
    """
    groups = hie_cli.mine_dedupe(index, near=near, level=level, output=output)
    if json:
        show_json({"groups": [group.record() for group in groups]})
        return
    for group in groups:
        kept = group.kept
        show(f"{kept.video} {kept.start / kept.fps:.1f}-{kept.end / kept.fps:.1f} s")
        for item in group.others:
            show(f"  = {item.video} {item.start / item.fps:.1f}-{item.end / item.fps:.1f} s")
    show(f"{len(groups)} groups of near-duplicates")
