"""Pinned requirements (``name==version`` on stdin) with the hash of every file of each release.

The hashes are those that the package index names beside its links; nothing is downloaded. Called by
tools/lock.sh in an environment with pip-tools.
"""

import sys
import tempfile

from piptools.repositories import PyPIRepository


def main() -> None:
    """Print a block of lines per requirement; fail for one without any hash."""
    index = PyPIRepository([], cache_dir=tempfile.mkdtemp())
    for line in filter(None, map(str.strip, sys.stdin)):
        if line.startswith("#"):
            continue
        name, _, version = line.partition("==")
        with index.allow_all_wheels():
            links = [
                candidate.link
                for candidate in index.find_all_candidates(name)
                if str(candidate.version) == version
            ]
        hashes = sorted({link.hash for link in links if link.hash_name == "sha256"})
        if not hashes:
            raise SystemExit(f"{line}: the index names no sha256 of it")
        print(" \\\n    ".join([line, *(f"--hash=sha256:{value}" for value in hashes)]))


if __name__ == "__main__":
    main()
