"""``hie submit``."""

import json as json_module
import sys
from pathlib import Path
from typing import Annotated

import typer

from hie_cli.cli import options
from hie_cli.core.errors import ConfigError

Results = Annotated[
    list[Path] | None,
    typer.Argument(metavar="DOC...", help="Stage documents or result files, or folders of them."),
]
Track = Annotated[int, typer.Option("--track", "-t", metavar="N", help="Challenge track, 1 to 4.")]
Target = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="ZIP", help="The zip to write.")
]
Names = Annotated[
    str | None,
    typer.Option("--sequences", metavar="LIST", help="20-32 (default), 20,21 or clip:300."),
]
Check = Annotated[
    Path | None, typer.Option("--check", metavar="ZIP", help="Check an existing zip instead.")
]


def submit(
    documents: Results = None,
    track: Track = 1,
    output: Target = None,
    sequences: Names = None,
    check: Check = None,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Make a challenge submission, or list everything that is wrong with it (exit code 3).

    \b
    Track 1 holds N.txt, Tracks 2 and 3 N.json (annolist). The layout of Track 4 is not published:
    its N.json is our stage document.

    \b
    Examples:
      hie submit out/track --track 1 -o submission.zip
      hie submit out/pose --track 2 -o submission.zip --sequences 20,21
      hie submit --check submission.zip --track 3
    """
    from hie_cli.core.progress import note, set_quiet
    from hie_cli.formats import submission

    set_quiet(quiet)
    if track not in submission.TRACKS:
        raise ConfigError(f"--track {track}: expected 1, 2, 3 or 4")
    if (check is None) == (not documents):
        raise ConfigError("give either documents and -o ZIP, or --check ZIP")
    if check is None and (output is None or output.suffix.lower() != ".zip"):
        raise ConfigError("-o: expected the name of a .zip to write")
    expected = submission.parse_sequences(sequences)
    if track == 4:
        note("Track 4: no layout is published; the files are this toolkit's stage documents")
    if check is not None:
        problems = submission.check_file(check, track, expected)
    else:
        assert documents is not None
        assert output is not None
        problems = _write(documents, track, output, expected, overwrite)
    report = {"file": str(check or output), "track": track, "problems": problems}
    if json:
        print(json_module.dumps(report))
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        raise submission.UnsoundError(problems)
    if not json:
        print(f"{report['file']}: Track {track}, {len(expected)} sequences, sound")


def _write(
    documents: list[Path], track: int, output: Path, expected: dict[str, int | None], over: bool
) -> list[str]:
    """Write the zip; the problems that prevented it."""
    from hie_cli.formats import submission

    if output.exists() and not over:
        raise ConfigError(f"{output}: exists already; remove it or add --overwrite")
    found, problems = submission.gather(documents)
    try:
        submission.write_submission(found, track, expected, output, problems)
    except submission.UnsoundError as error:
        return error.problems
    return []
