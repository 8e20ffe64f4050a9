"""How late and how complete live results are: a clip played as a live stream of this machine.

    python benchmarks/live.py data/pets09-sample.mp4 --preset fast --seconds 60

The clip is sent over HTTP as MPEG-TS, again and again, in its own time; ``hie_cli.stream`` reads it
up to each stage. Prints frames looked at a second, frames dropped, seconds of delay (median, and 95
of 100 are below), and the process' memory after a third of the time and at the end.
"""

import argparse
import io
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import av
import numpy as np

import hie_cli


class Pieces(io.RawIOBase):
    """Keeps what is written, until it is taken."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        """See io."""
        return True

    def write(self, data: Any) -> int:
        """See io."""
        self.data += data
        return len(data)

    def take(self) -> bytes:
        """What has been written since the last call."""
        data, self.data = bytes(self.data), bytearray()
        return data


def transport_stream(clip: Path, seconds: float) -> tuple[list[bytes], float]:
    """The bytes of each frame of a clip that is repeated for so long, and its rate."""
    with av.open(str(clip)) as source:
        rate = source.streams.video[0].average_rate
        frames = [frame.to_ndarray(format="bgr24") for frame in source.decode(video=0)]
    file, pieces = Pieces(), []
    with av.open(file, "w", format="mpegts", options={"flush_packets": "1"}) as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.gop_size = max(1, round(rate))
        stream.options = {"preset": "veryfast", "tune": "zerolatency", "crf": "20"}
        for t in range(round(seconds * rate)):
            picture = av.VideoFrame.from_ndarray(frames[t % len(frames)], format="bgr24")
            container.mux(stream.encode(picture))
            pieces.append(file.take())
    return pieces, float(rate)


def server_of(pieces: list[bytes], rate: float) -> ThreadingHTTPServer:
    """A server that sends the pieces in time to whoever asks."""

    class Camera(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "video/mp2t")
            self.end_headers()
            begun = time.monotonic()
            try:
                for t, piece in enumerate(pieces):
                    self.wfile.write(piece)
                    time.sleep(max(0.0, begun + (t + 1) / rate - time.monotonic()))
            except OSError:
                pass

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Camera)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def memory_mb() -> float:
    """What this process holds now, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--seconds", type=float, default=60.0, help="for each stage")
    parser.add_argument("--until", nargs="+", default=["track", "action", "render"])
    options = parser.parse_args()
    pieces, rate = transport_stream(options.clip, options.seconds + 30)
    server = server_of(pieces, rate)
    print("until    frames/s  dropped  delay  95%    MB at 1/3  at the end")
    for until in options.until:
        with tempfile.TemporaryDirectory() as folder:
            run = hie_cli.stream(
                f"http://127.0.0.1:{server.server_port}/", output=folder, until=until,
                preset=options.preset, segment=options.seconds / 4, duration=options.seconds,
            )  # fmt: skip
            delays, third = [], 0.0
            for _ in run:
                delays.append(run.delay)
                if not third and run.seconds > options.seconds / 3:
                    third = memory_mb()
            settled = np.array(delays[len(delays) // 5 :])
            print(
                f"{until:<8} {len(delays) / options.seconds:>8.1f} {run.dropped:>8} "
                f"{np.median(settled):>6.2f} {np.quantile(settled, 0.95):>6.2f} {third:>9.0f} "
                f"{memory_mb():>9.0f}   (every {run.stride} of {run.video.fps:g} a second)",
                flush=True,
            )
    server.shutdown()


if __name__ == "__main__":
    main()
