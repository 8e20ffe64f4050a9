"""One mutant after another in a process of its own; what happens goes to a pipe, line by line."""

import json
import random
import resource
import shutil
import sys
import tempfile
import traceback
from pathlib import Path

from hie_cli.core.errors import HieError
from tests.fuzz.subjects import Subject, check_message, subjects

GROWTH = 1 << 30


def run(first: int, last: int, seed: int, only: str | None) -> None:
    """Mutants ``first`` to ``last`` - 1; a line before and a line after each on stdout."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "whole").mkdir()
        found = [s for s in subjects(folder / "whole") if only is None or only in s.name]
        for subject in found:  # what is loaded once is not the growth of one mutant
            attempt(subject, folder, random.Random(0))
        limit_memory()
        for number in range(first, last):
            subject = found[number % len(found)]
            say({"start": number, "subject": subject.name})
            say({"end": number, **attempt(subject, folder, random.Random(f"{seed}:{number}"))})


def say(record: dict[str, object]) -> None:
    print(json.dumps(record), flush=True)


def limit_memory() -> None:
    """Let the process grow by ``GROWTH`` and no more."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + GROWTH
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def attempt(subject: Subject, folder: Path, rng: random.Random) -> dict[str, str]:
    """Read one mutant: ``outcome`` read, refused, memory or traceback, and what was said."""
    place = folder / "mutant"
    place.mkdir()
    try:
        path = subject.make(place, rng)
        try:
            subject.read(path)
        except HieError as error:
            check_message(error)
            said = str(error)
            memory = "too large for memory" in said
            return {"outcome": "memory" if memory else "refused", "said": said[:200]}
        return {"outcome": "read", "said": ""}
    except MemoryError:
        return {"outcome": "memory", "said": origin(sys.exc_info()[1])}
    except BaseException as error:
        return {"outcome": "traceback", "said": origin(error)}
    finally:
        shutil.rmtree(place)


def origin(error: BaseException | None) -> str:
    """Where an exception left our code, and what it says."""
    if error is None:
        return ""
    frames = [
        f for f in traceback.extract_tb(error.__traceback__) if "/tests/fuzz/" not in f.filename
    ]
    ours = [f for f in frames if "hie_cli" in f.filename]
    where = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "fuzz"
    return f"{type(error).__name__} at {where}: {str(error)[:150]}"


if __name__ == "__main__":
    run(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] or None)
