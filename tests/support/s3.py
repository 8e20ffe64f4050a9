"""An S3 server of this machine (moto), and a line to it that breaks when it is told to."""

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import boto3
import s3fs
from moto.server import ThreadedMotoServer

KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "planted-secret"}
ENVIRONMENT = {**KEYS, "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}


@contextmanager
def server() -> Iterator[int]:
    """The port of a running server."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    try:
        yield running.get_host_and_port()[1]
    finally:
        running.stop()


def client(port: int):
    """A client that asks the server itself."""
    return boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1",
                        aws_access_key_id="a", aws_secret_access_key="b")  # fmt: skip


def forget_connections() -> None:
    """Have the next file system read the environment anew."""
    s3fs.S3FileSystem.clear_instance_cache()


class Line:
    """A relay to the server; the next ``cuts`` answers of more than ``long`` bytes break off."""

    def __init__(self, port: int, long: int) -> None:
        self.long = long
        self.cuts = 0
        self.broken = 0
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Listen no longer."""
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                ours, _ = self._listener.accept()
            except OSError:
                return
            theirs = socket.create_connection(("127.0.0.1", self._to))
            passed = [0]  # bytes of this answer
            for one, other, answer in ((ours, theirs, False), (theirs, ours, True)):
                arguments = (one, other, answer, passed)
                threading.Thread(target=self._pass, args=arguments, daemon=True).start()

    def _pass(
        self, one: socket.socket, other: socket.socket, answer: bool, passed: list[int]
    ) -> None:
        with one, other:
            with suppress(OSError):
                while data := one.recv(8192):
                    passed[0] = passed[0] + len(data) if answer else 0
                    if self.cuts and passed[0] > self.long:
                        self.cuts -= 1
                        self.broken += 1
                        break
                    other.sendall(data)
            for end in (one, other):  # so that the other direction hears of it
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
