"""Nearest binary codes: FAISS's exact and approximate indexes behind one door."""

import hashlib
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.errors import ConfigError, input_error
from hie_cli.formats.files import atomic_write
from hie_cli.retrieval.codes import Bits

Kind = Literal["flat", "ivf", "hnsw"]
KINDS: tuple[Kind, ...] = ("flat", "ivf", "hnsw")
NAME = "codes.faiss"
_PROBES = 16
_LINKS = 32


def _faiss() -> Any:
    try:
        import faiss
    except ImportError:
        raise ConfigError("hie mine needs FAISS; pip install 'hie[mine]'") from None
    return faiss


class NearestCodes:
    """Codes (N, bytes) by Hamming distance; positions are their rows in the order they were given.

    kind: "flat" looks at all; "ivf" at the nearest 16 of about sqrt(N) cells; "hnsw" walks a graph.
    """

    def __init__(self, index: Any, kind: Kind) -> None:
        self._index, self.kind = index, kind

    @classmethod
    def build(cls, codes: Bits, kind: Kind = "flat", *, cells: int | None = None) -> "NearestCodes":
        """An index of codes (N, bytes). "ivf" of fewer than 1000 codes is "flat"."""
        faiss = _faiss()
        bits = 8 * codes.shape[1]
        if kind == "hnsw":
            index: Any = faiss.IndexBinaryHNSW(bits, _LINKS)
        elif kind == "ivf" and len(codes) >= 1000:
            quantizer = faiss.IndexBinaryFlat(bits)
            count = cells or max(16, round(len(codes) ** 0.5))
            index = faiss.IndexBinaryIVF(quantizer, bits, count)
            index.own_fields, index.nprobe = True, _PROBES
            quantizer.this.disown()
            index.train(codes)
        else:
            index, kind = faiss.IndexBinaryFlat(bits), "flat"
        index.add(np.ascontiguousarray(codes))
        return cls(index, kind)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def bits(self) -> int:
        """Length of a code."""
        return int(self._index.d)

    def search(self, queries: Bits, count: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """(distances, positions), each (Q, min(count, N)), nearest first.

        Equal distances come in the order of positions. An approximate index that found fewer gives
        position -1.
        """
        wanted = min(count, len(self))
        distances, positions = self._index.search(np.ascontiguousarray(queries), wanted)
        order = np.lexsort((positions, distances), axis=1)
        return (
            np.take_along_axis(distances, order, 1),
            np.take_along_axis(positions, order, 1).astype(np.int64),
        )

    def save(self, folder: Path) -> str:
        """``folder``/codes.faiss; gives its sha256."""
        data = np.asarray(_faiss().serialize_index_binary(self._index)).tobytes()
        with atomic_write(folder / NAME, "wb") as file:
            file.write(data)
        return hashlib.sha256(data).hexdigest()

    @classmethod
    def load(cls, folder: Path, kind: Kind, sha256: str) -> "NearestCodes":
        """What ``save`` wrote; other bytes are not given to FAISS. InputError."""
        path = folder / NAME
        try:
            data = path.read_bytes()
        except OSError:
            data = b""
        if hashlib.sha256(data).hexdigest() != sha256:
            raise input_error(path, "damaged or missing", "run `hie mine index` again")
        index = _faiss().deserialize_index_binary(np.frombuffer(data, np.uint8))
        if kind == "ivf" and hasattr(index, "nprobe"):
            index.nprobe = _PROBES
        return cls(index, kind)
