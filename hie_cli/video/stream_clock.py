"""When the frames of a live source were taken, in seconds from its first frame, and their rate."""

_JUMP = 10.0  # seconds ahead of the stamp before: another clock
_WINDOW = 10.0  # seconds over which the least lag is looked for
_DRIFT = 0.5  # seconds of least lag that are put right
_LEAST_RATE, _MOST_RATE = 0.5, 120.0  # frames a second; beyond, what a source says is not believed


class StreamClock:
    """Seconds of a source by its own time stamps, held to the clock of this machine.

    Stamps tell apart frames that the network brings in bursts. They begin anew after a reconnection
    or jump, and then count from the moment of arrival. If every frame of ten seconds came later
    than its stamp says, the source's clock is slow, or the way has become longer: the least delay
    is taken out. Frames without stamps are taken when they arrive.
    """

    def __init__(self) -> None:
        self._offset: float | None = None
        self._stamp = 0.0
        self._last = 0.0
        self._least = float("inf")
        self._since = 0.0

    def restart(self) -> None:
        """The next stamp belongs to another count."""
        self._offset = None

    def seconds(self, stamp: float | None, arrived: float) -> float:
        """When a frame was taken; never before the frame before.

        stamp: seconds by the source, None where it has none · arrived: seconds by this machine.
        """
        if stamp is None:
            self._last = max(self._last, arrived)
            return self._last
        jumped = stamp < self._stamp - 1e-3 or stamp > self._stamp + _JUMP
        if self._offset is None or jumped:
            self._offset = arrived - stamp
            self._least, self._since = float("inf"), arrived
        self._stamp = stamp
        self._least = min(self._least, arrived - stamp - self._offset)
        if arrived - self._since >= _WINDOW:
            if self._least > _DRIFT:
                self._offset += self._least
            self._least, self._since = float("inf"), arrived
        self._last = max(self._last, stamp + self._offset)
        return self._last


def is_believable(rate: float) -> bool:
    """Whether a camera can have this many frames a second."""
    return _LEAST_RATE <= rate <= _MOST_RATE


def measured_rate(seconds: list[float]) -> float | None:
    """Frames a second by the seconds of frames; None where that cannot be told.

    The first third is left out: what had gathered while the connection was made comes at once.
    """
    seconds = seconds[len(seconds) // 3 :]
    span = seconds[-1] - seconds[0] if seconds else 0.0
    rate = (len(seconds) - 1) / span if span > 0 else 0.0
    rate = float(round(rate)) if rate >= 5 else round(rate, 1)
    return rate if is_believable(rate) else None
