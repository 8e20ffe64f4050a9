"""Files that torch wrote: tensors and plain values are read from them, never code."""

import pickle
import warnings
from os import PathLike
from typing import IO, Any


def plain(file: str | PathLike[str] | IO[bytes]) -> Any:
    """What is in the file, on the CPU.

    Raises ValueError in one line for a damaged file, or one with anything else in it: torch's own
    words would name the option that runs its code.
    """
    import torch

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pickles that torch did not write
            return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise ValueError("more than tensors and plain values in it, none of it loaded") from None
    except Exception as error:  # torch raises many types for a damaged or foreign file
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(reason) from None
