"""Base of all accumulators: frozen dataclasses whose fields add up over sequences."""

import dataclasses
import functools
import operator
from collections.abc import Iterable
from typing import Any, Self, TypeVar

import numpy as np


class Sums:
    """Mixin for a frozen dataclass: ``a + b`` adds field by field (numbers, arrays or Sums)."""

    def __add__(self, other: Self) -> Self:
        if type(other) is not type(self):
            return NotImplemented
        fields = dataclasses.fields(self)  # type: ignore[arg-type]  # every Sums is a dataclass
        added: dict[str, Any] = {
            f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields
        }
        return type(self)(**added)


S = TypeVar("S", bound=Sums)


def pooled(parts: Iterable[S]) -> S:
    """The sum over sequences, from which pooled figures derive. Raises TypeError on no parts."""
    return functools.reduce(operator.add, parts)


def ratio(part: Any, whole: Any) -> Any:
    """``part / whole`` elementwise, with TrackEval's rule that a whole below 1 counts as 1."""
    return part / np.maximum(1, whole)
