"""``python -m tests.fuzz``: many mutants, a tally, exit code 1 if anything broke."""

import argparse
import sys
import time

from tests.fuzz.tally import BROKEN, Tally, fuzz


def main() -> int:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--mutants", type=int, default=100_000, help="how many")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other mutants")
    parser.add_argument("--first", type=int, default=0, help="go on from this mutant")
    parser.add_argument("--only", help="subjects whose name contains this")
    given = parser.parse_args()
    start, said = time.monotonic(), [0.0, 0.0]

    def progress(number: int, tally: Tally) -> None:
        now = time.monotonic()
        broken = sum(tally.outcomes[what] for what in BROKEN)
        if broken > said[1]:
            said[1] = broken
            print(f"mutant {number}: {tally.last}", file=sys.stderr, flush=True)
        if now - said[0] > 30:
            said[0] = now
            counts = ", ".join(f"{n} {what}" for what, n in tally.outcomes.most_common())
            print(f"mutant {number}, {now - start:.0f} s: {counts}", file=sys.stderr, flush=True)

    last = given.first + given.mutants
    tally = fuzz(given.first, last, given.seed, given.only, progress)
    print(tally.table())
    print(
        f"seed {given.seed}, mutants {given.first} to {last - 1}, {time.monotonic() - start:.0f} s"
    )
    return int(any(tally.outcomes[what] for what in BROKEN))


if __name__ == "__main__":
    sys.exit(main())
