"""When each frame of a video file is shown, as its container says."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hie_cli.video import FORMATS


def frame_times(path: Path, num_frames: int | None) -> NDArray[np.float64] | None:
    """Seconds (T,) from a video's first frame to each of its frames; nothing is decoded.

    None where they cannot be had: without PyAV (``pip install 'hie[video]'``), for files that stamp
    no frames or not as many as they have (``num_frames``, if known), and for folders of images.
    """
    try:
        import av
    except ImportError:
        return None
    if not path.is_file():
        return None
    rules = {"protocol_whitelist": "file", "format_whitelist": FORMATS}
    try:
        with av.open(str(path.absolute()), options=rules) as container:
            if not container.streams.video:
                return None
            stamps = _stamps(container)
    except (av.FFmpegError, OSError):  # what cannot be decoded is said where it is decoded
        return None
    known = [stamp for stamp in stamps if stamp is not None]
    if len(known) < len(stamps) or not known:
        return None
    times = np.unique(np.array(known))
    if len(times) < len(known) or (num_frames is not None and len(times) != num_frames):
        return None
    result: NDArray[np.float64] = times - times[0]
    return result


def _stamps(container: Any) -> list[float | None]:
    """Presentation times in seconds of the frames, as they lie in the file."""
    stream = container.streams.video[0]
    unit = float(stream.time_base)
    return [
        None if packet.pts is None else packet.pts * unit
        for packet in container.demux(stream)
        if packet.size and not packet.is_discard
    ]
