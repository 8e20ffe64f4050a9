"""Running somebody else's ONNX graph for the first time: in a child process, within limits.

A graph may loop for ever, ask for any amount of memory or crash the runtime; only the child suffers
from it. The child is this module run as a program; both sides speak in messages of a length and
that many bytes: first the graph, answered by its inputs and outputs, then feeds, answered by
outputs.
"""

import contextlib
import io
import json
import struct
import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from hie_cli.core.errors import ModelError

SECONDS = 60.0  # for loading the graph, and for each run of it
GIBIBYTES = 4  # of address space, the libraries themselves included
_LENGTH = struct.Struct("<cQ")


@dataclass(frozen=True)
class Port:
    """An input or output of a graph: its name, number type and shape (text: free), as stated."""

    name: str
    type: str
    shape: list[Any]


class TrialSession:
    """The part of ONNX Runtime's session that networks use, in a child process within limits.

    A context manager. Raises ModelError beginning with ``name`` where the graph cannot be loaded,
    does not end within ``seconds``, wants more memory than ``gibibytes`` or crashes.
    """

    def __init__(
        self, graph: bytes, name: str, seconds: float = SECONDS, gibibytes: float = GIBIBYTES
    ) -> None:
        self._name, self._seconds, self._gibibytes = name, seconds, gibibytes
        command = [sys.executable, "-m", "hie_cli.models.trial", str(int(gibibytes * 2**30))]
        self._child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        try:
            described = json.loads(self._ask(graph))
        except ModelError:
            self.close()
            raise
        self._inputs = [Port(*each) for each in described["inputs"]]
        self._outputs = [Port(*each) for each in described["outputs"]]

    def get_inputs(self) -> list[Port]:
        """The graph's inputs."""
        return self._inputs

    def get_outputs(self) -> list[Port]:
        """The graph's outputs."""
        return self._outputs

    def run(self, names: None, feeds: dict[str, Any]) -> list[Any]:
        """All outputs for ``feeds`` (input name -> array)."""
        packed = io.BytesIO()
        np.savez(packed, **{f"in_{key}": value for key, value in feeds.items()})
        with np.load(io.BytesIO(self._ask(packed.getvalue())), allow_pickle=False) as found:
            return [found[f"out_{index}"] for index in range(len(found.files))]

    def close(self) -> None:
        """End the child."""
        self._child.kill()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._child.wait()

    def __enter__(self) -> "TrialSession":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, message: bytes) -> bytes:
        """The child's answer; ModelError where it reports an error, is too late or dies."""
        late = threading.Event()

        def stop() -> None:
            late.set()
            self._child.kill()

        timer = threading.Timer(self._seconds, stop)
        timer.start()
        try:
            assert self._child.stdin is not None
            assert self._child.stdout is not None
            _send(self._child.stdin, b"m", message)
            kind, answer = _receive(self._child.stdout)
        except (OSError, EOFError):
            if late.is_set():
                reason = f"did not end within {self._seconds:g} s"
            else:
                reason = f"crashed, or wanted more than {self._gibibytes:g} GiB of memory"
            raise ModelError(f"{self._name}: the graph {reason}") from None
        finally:
            timer.cancel()
        if kind == b"e":
            raise ModelError(f"{self._name}: {answer.decode(errors='replace')}")
        return answer


def _send(pipe: IO[bytes], kind: bytes, message: bytes) -> None:
    pipe.write(_LENGTH.pack(kind, len(message)))
    pipe.write(message)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> tuple[bytes, bytes]:
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    kind, length = _LENGTH.unpack(head)
    message = pipe.read(length)
    if len(message) < length:
        raise EOFError
    return kind, message


def _serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """The child: load the graph, then run it for every message, until the parent is gone."""
    from hie_cli.models.runtime import session

    graph = _receive(requests)[1]
    try:
        loaded = session(graph, "the graph", 1)
    except ModelError as error:
        _send(answers, b"e", str(error).removeprefix("the graph: ").encode())
        return
    ports = {
        "inputs": [[port.name, port.type, port.shape] for port in loaded.get_inputs()],
        "outputs": [[port.name, port.type, port.shape] for port in loaded.get_outputs()],
    }
    _send(answers, b"m", json.dumps(ports).encode())
    while True:
        try:
            packed = _receive(requests)[1]
        except EOFError:
            return
        with np.load(io.BytesIO(packed), allow_pickle=False) as given:
            feeds = {key.removeprefix("in_"): given[key] for key in given.files}
        try:
            outputs = loaded.run(None, feeds)
            reply = io.BytesIO()
            arrays = {f"out_{i}": np.asarray(each) for i, each in enumerate(outputs)}
            np.savez(reply, **arrays)  # type: ignore[arg-type] # only arrays are in it
        except Exception as error:  # whatever the runtime raises is about this graph
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            _send(answers, b"e", f"the graph failed ({reason})".encode())
        else:
            _send(answers, b"m", reply.getvalue())


def _limit_memory(size: int) -> None:
    if sys.platform != "win32":
        import resource

        with contextlib.suppress(ValueError, OSError):  # a lower limit holds already
            resource.setrlimit(resource.RLIMIT_AS, (size, size))


if __name__ == "__main__":
    _limit_memory(int(sys.argv[1]))
    _serve(sys.stdin.buffer, sys.stdout.buffer)
