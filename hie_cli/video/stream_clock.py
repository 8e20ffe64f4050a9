"""When the frames of a live source were taken, in seconds from its first frame."""

_JUMP = 10.0  # seconds ahead of the stamp before: another clock
_WINDOW = 10.0  # seconds over which the least lag is looked for
_DRIFT = 0.5  # seconds of least lag that are put right


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
