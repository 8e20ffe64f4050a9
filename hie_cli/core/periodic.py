"""Something done again and again, beside the work, for as long as its owner lives."""

import threading
import time
import weakref
from collections.abc import Callable
from typing import Any


def call_every(seconds: float, method: Callable[[], Any]) -> None:
    """Call a bound method every so many seconds from a thread of its own.

    The thread does not keep the method's object alive, and ends after it; nor does it keep the
    process from ending.
    """
    reference = weakref.WeakMethod(method)

    def work() -> None:
        while True:
            time.sleep(seconds)
            call = reference()
            if call is None:
                return
            call()
            del call

    threading.Thread(target=work, daemon=True).start()
