"""Archives of files: packed in many ways, with members and containers damaged."""

import gzip
import io
import random
import tarfile
import zipfile

from tests.fuzz.mutations import Mutation, damage_bytes

NAMES = ["../a.json", "/a.json", "a/../../b.txt", "C:\\a.json", "a\0.json", "x" * 300 + ".json"]
METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]


def packed(members: dict[str, bytes], ending: str, rng: random.Random) -> bytes:
    """The members as an archive of this ending (.zip, .tar, .tar.gz, .gz)."""
    out = io.BytesIO()
    if ending == ".gz":
        return gzip.compress(next(iter(members.values())))
    if ending == ".zip":
        with zipfile.ZipFile(out, "w", rng.choice(METHODS)) as archive:
            for name, data in members.items():
                archive.writestr(name, data)
        return out.getvalue()
    with tarfile.open(fileobj=out, mode="w:gz" if ending == ".tar.gz" else "w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def damaged(
    members: dict[str, bytes], ending: str, mutation: Mutation, rng: random.Random
) -> bytes:
    """An archive with one member damaged, named badly or lost, or its own bytes damaged."""
    members = dict(members)
    name = rng.choice(list(members))
    kind = rng.randrange(4)
    if kind == 0:
        members[name] = mutation(members[name], rng)
    elif kind == 1 and ending != ".gz":
        members[rng.choice(NAMES)] = members.pop(name)
    elif kind == 2 and ending == ".zip":
        members[name] = bytes(rng.choice([10, 20 << 20]))
    data = packed(members, ending, rng)
    return damage_bytes(data, rng) if kind == 3 or rng.random() < 0.2 else data
