"""Workers share the processors of a machine."""

import os
import subprocess
import sys

import pytest

from hie_cli.pipeline.executors import processors

CODE = """
import os
from hie_cli.pipeline.executors.processors import available, pin
pin({place}, {count})
print(available(), *sorted(os.sched_getaffinity(0)))
"""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs Linux")
def test_workers_take_turns_at_the_processors():
    mine = sorted(os.sched_getaffinity(0))
    for place, count in ((0, 1), (1, 1), (len(mine), 1), (0, len(mine)), (1, 2 * len(mine))):
        code = CODE.format(place=place, count=count)
        told = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        number, *held = map(int, told.stdout.split())
        assert number == len(held) == min(count, len(mine))
        assert mine[place * count % len(mine)] in held
    assert processors.available() == len(mine)
