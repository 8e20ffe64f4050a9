"""What a summary looks like: its shots as a video, its key frames as PNG."""

from pathlib import Path

from hie_cli.core.errors import input_error
from hie_cli.core.progress import progress
from hie_cli.core.types import Image
from hie_cli.rendering.encoder import OverlayWriter
from hie_cli.rendering.sheet import save_png
from hie_cli.summary.results import VideoSummary
from hie_cli.video.sources import VideoSource


def write_footage(
    path: Path, summary: VideoSummary, video: Path, key_frames: Path
) -> dict[int, Image]:
    """The chosen shots one after another in ``video`` (mp4), and a PNG of each in ``key_frames``.

    Gives the key frames by number. The video is decoded once more. Raises
    ConfigError where something cannot be written, InputError where the video ends before its
    first shot.
    """
    wanted = {shot.key_frame for shot in summary.chosen}
    inside = {t for shot in summary.chosen for t in range(shot.first, shot.last + 1)}
    last = max(inside, default=-1)
    pictures: dict[int, Image] = {}
    files: list[Path] = []
    writer = OverlayWriter(video, summary.fps)
    source = VideoSource(path)
    try:
        frames = progress(source, f"{summary.name}: summary", last + 1, "frame")
        for frame in frames:
            if frame.index > last:
                break
            if frame.index not in inside:
                continue
            writer.write(_even(frame.image))
            if frame.index in wanted:
                pictures[frame.index] = frame.image
                files.append(key_frames / f"{frame.index:06d}.png")
                save_png(files[-1], frame.image)
        if not pictures:
            raise input_error(path, "ends before its first shot", "repair the video")
        writer.close()
    except BaseException:
        for file in files:
            file.unlink(missing_ok=True)
        raise
    finally:
        writer.discard()
    return pictures


def _even(image: Image) -> Image:
    """The picture with even sides, as encoders need them."""
    height, width = image.shape[:2]
    if height > 1 and width > 1:
        return image[: height // 2 * 2, : width // 2 * 2]
    return image.repeat(2, axis=0).repeat(2, axis=1)
