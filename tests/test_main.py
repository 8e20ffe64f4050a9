"""Whoever swallows an interruption, the process ends with its code."""

import subprocess
import sys

import pytest

SCRIPT = """
import os, signal, sys, time
from hie_cli import __main__
from hie_cli.cli import app

def interrupt():
    os.kill(os.getpid(), signal.{signal})
    time.sleep(1)

def caught():
    try:
        interrupt()
    except BaseException:
        pass
    time.sleep(30)

def converted():
    try:
        interrupt()
    except BaseException as error:
        raise ImportError("broken library") from error

def finalized():
    class Falling:
        def __del__(self):
            interrupt()
    Falling()
    time.sleep(30)

def passed_on():
    try:
        interrupt()
    finally:
        time.sleep(0.3)  # closing of files, in which nothing is raised again
        print("closed")

app.run = {how}
__main__.main()
"""


@pytest.mark.parametrize("signal", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("how", ["caught", "converted", "finalized", "passed_on"])
def test_an_interruption_is_not_lost(how: str, signal: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(how=how, signal=signal)],
        capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert done.returncode == 130, done.stderr
    assert done.stderr == "hie: interrupted\n"
    assert done.stdout == ("closed\n" if how == "passed_on" else "")
