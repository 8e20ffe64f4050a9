"""What stops a training, in one line that says what to do."""

from collections.abc import Callable, Sequence

import torch

from hie_cli.core.errors import ConfigError, InputError

_NAMED = 6  # things of a batch that an error names


def no_number(
    names: Sequence[str], what: str, epoch: int, number: int, resumable: bool
) -> InputError:
    """The error of a loss or gradient that is no finite number: ``what``, in batch ``number``, made
    of ``names``.
    """
    known = [name for name in names if name]
    of = f" ({', '.join(known[:_NAMED])}{', ...' if len(known) > _NAMED else ''})" if known else ""
    fix = "--resume goes on from the epoch before, with a lower" if resumable else "try a lower"
    return InputError(
        f"epoch {epoch}, batch {number}{of}: the {what} is no finite number; {fix} "
        "--set learning_rate=, or without these pictures"
    )


def short_of_memory(error: Exception) -> bool:
    """Whether an error of torch's says that memory is short, on whatever device."""
    text = str(error).lower()
    return isinstance(error, torch.OutOfMemoryError) or (
        "memory" in text and ("alloc" in text or "enough" in text)
    )


def too_large(size: int, attempt: Callable[[int], None]) -> ConfigError:
    """The error of a batch of ``size`` that memory has no room for: the largest half of a half that
    ``attempt`` gets through. size 0: nothing can be tried.
    """
    if not size:
        return ConfigError("out of memory; set a smaller batch")
    count = size
    while count > 1:
        count //= 2
        try:
            attempt(count)
        except (torch.OutOfMemoryError, RuntimeError):
            continue
        return ConfigError(f"out of memory; a batch of {count} fits: --set batch={count}")
    return ConfigError("out of memory even with a batch of 1; take smaller pictures")
