"""Nearest binary codes: FAISS's exact and approximate indexes behind one door."""

import hashlib
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.errors import ConfigError, input_error
from hie_cli.retrieval.codes import Bits

Kind = Literal["flat", "ivf", "hnsw"]
KINDS: tuple[Kind, ...] = ("flat", "ivf", "hnsw")
NAME = "codes.faiss"
_FEWEST = 1000  # codes that "ivf" begins with; fewer are looked at one by one
_CELLS_FROM = 4  # cells are made anew when there are this many times the codes they were made for
# Chosen by benchmarks/code_search.py: what 2 ms a query allow among 10 million codes ("ivf").
_EFFORT: dict[Kind, int] = {"flat": 1, "ivf": 128, "hnsw": 256}
_LINKS = 16  # of a code in the graph; twice as many at its bottom


def _faiss() -> Any:
    try:
        import faiss
    except ImportError:
        raise ConfigError("hie mine needs FAISS; pip install 'hie[mine]'") from None
    return faiss


class NearestCodes:
    """Codes (N, bytes) by Hamming distance; positions are their rows in the order they were given.

    kind: "flat" looks at all; "ivf" at the nearest of about sqrt(N) cells, "hnsw" walks a graph
    with some candidates in hand: ``effort`` says how many, and recall and time rise with it.
    """

    def __init__(self, index: Any, kind: Kind) -> None:
        self._index, self.kind = index, kind
        self.effort = _EFFORT[kind]

    @classmethod
    def build(cls, codes: Bits, kind: Kind = "flat", *, cells: int | None = None) -> "NearestCodes":
        """An index of codes (N, bytes). "ivf" of fewer than 1000 codes looks at all."""
        faiss = _faiss()
        bits = 8 * codes.shape[1]
        if kind == "hnsw":
            index: Any = faiss.IndexBinaryHNSW(bits, _LINKS)
        elif kind == "ivf" and len(codes) >= _FEWEST:
            quantizer = faiss.IndexBinaryFlat(bits)
            count = cells or max(16, round(len(codes) ** 0.5))
            index = faiss.IndexBinaryIVF(quantizer, bits, count)
            index.own_fields = True
            quantizer.this.disown()
            index.train(codes)
        else:
            index = faiss.IndexBinaryFlat(bits)
        index.add(np.ascontiguousarray(codes))
        return cls(index, kind)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def bits(self) -> int:
        """Length of a code."""
        return int(self._index.d)

    def takes(self, count: int) -> bool:
        """Whether an index of ``count`` codes is as good grown from this one as built anew."""
        if count < len(self) or self.kind != "ivf":
            return count >= len(self)
        cells = int(getattr(self._index, "nlist", 0))
        return count < (_CELLS_FROM * max(cells, 16) ** 2 if cells else _FEWEST)

    def add(self, codes: Bits) -> None:
        """More codes (N, bytes), after those that are there."""
        if len(codes):
            self._index.add(np.ascontiguousarray(codes))

    def search(self, queries: Bits, count: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """(distances, positions), each (Q, min(count, N)), nearest first.

        Equal distances come in the order of positions. An approximate index that found fewer gives
        position -1.
        """
        wanted = min(count, len(self))
        if hasattr(self._index, "nprobe"):
            self._index.nprobe = self.effort
        elif self.kind == "hnsw":
            self._index.hnsw.efSearch = max(self.effort, wanted)
        distances, positions = self._index.search(np.ascontiguousarray(queries), wanted)
        order = np.lexsort((positions, distances), axis=1)
        return (
            np.take_along_axis(distances, order, 1),
            np.take_along_axis(positions, order, 1).astype(np.int64),
        )

    def to_bytes(self) -> bytes:
        """As ``load`` reads it from codes.faiss."""
        data: bytes = np.asarray(_faiss().serialize_index_binary(self._index)).tobytes()
        return data

    @classmethod
    def load(cls, folder: Path, kind: Kind, *sha256: str) -> "NearestCodes":
        """``folder``/codes.faiss with one of these digests; InputError.

        Other bytes are not given to FAISS.
        """
        path = folder / NAME
        try:
            data = path.read_bytes()
        except OSError:
            data = b""
        if hashlib.sha256(data).hexdigest() not in sha256:
            raise input_error(path, "damaged or missing", "run `hie mine index` again")
        return cls(_faiss().deserialize_index_binary(np.frombuffer(data, np.uint8)), kind)
