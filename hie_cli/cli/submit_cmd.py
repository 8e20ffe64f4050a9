"""``hie submit``."""

from pathlib import Path
from typing import Annotated

import typer

import hie_cli
from hie_cli.cli import options
from hie_cli.cli.commands import SCORE, command
from hie_cli.cli.terminal import complain, show, show_json
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


@command("submit", SCORE)
def submit(
    documents: Results = None,
    track: Track = 1,
    output: Target = None,
    sequences: Names = None,
    check: Check = None,
    overwrite: options.Overwrite = False,
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
    from hie_cli.core.progress import note
    from hie_cli.formats.challenge_zip import Submission
    from hie_cli.formats.submission import UnsoundError

    if (check is None) == (not documents):
        raise ConfigError("give either documents and -o ZIP, or --check ZIP")
    if check is None and output is None:
        raise ConfigError("-o: expected the name of a .zip to write")
    if track == 4:
        note("Track 4: no layout is published; the files are this toolkit's stage documents")
    try:
        if check is not None:
            done = hie_cli.check_submission(check, track=track, sequences=sequences)
        else:
            assert documents is not None
            assert output is not None
            done = hie_cli.submit(
                documents, output, track=track, sequences=sequences, overwrite=overwrite
            )
    except UnsoundError as error:
        assert output is not None
        done = Submission(output, track, (), tuple(error.problems))
    if json:
        report = {"file": str(done.path), "track": track, "problems": list(done.problems)}
        show_json(report)
    for problem in done.problems:
        complain(problem)
    if done.problems:
        raise UnsoundError(list(done.problems))
    if not json:
        show(f"{done.path}: Track {track}, {len(done.sequences)} sequences, sound")
