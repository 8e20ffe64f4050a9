"""Where the pictures and videos are that labels speak of: below the folders that the user named."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from hie_cli.core.errors import InputError
from hie_cli.training.data.mix import Source
from hie_cli.video.images import IMAGE_ENDINGS
from hie_cli.video.video_files import find_videos, video_name


class PictureFiles:
    """Images below the folders that the user named, found by the names that data files state.

    A name never leads out of those folders: of the files with its last part the one is taken that
    shares most of the folders before it.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = patterns
        self._images: dict[str, list[Path]] | None = None
        self._videos: dict[str, Path] | None = None

    def find(self, name: str, source: Source) -> Path:
        """The image that a data file calls ``name``."""
        if self._images is None:
            self._images = defaultdict(list)
            for pattern in self._patterns:
                root = Path(pattern)
                inside = sorted(root.rglob("*")) if root.is_dir() else [root]
                for path in inside:
                    if path.suffix.lower() in IMAGE_ENDINGS:
                        self._images[path.name].append(path)
        wanted = PurePosixPath(name).parts
        found = self._images.get(wanted[-1] if wanted else "", [])
        if not found:
            raise InputError(f"{source.title}: no image {name!r} below {', '.join(source.images)}")
        return max(found, key=lambda path: _shared(path.parts, wanted))

    def video(self, name: str, source: Source, sequences: int) -> Path:
        """The video or folder of images of the sequence ``name``."""
        if self._videos is None:
            self._videos = {video_name(path): path for path in find_videos(self._patterns)}
        if name not in self._videos and len(self._videos) == sequences == 1:
            return next(iter(self._videos.values()))
        if name not in self._videos:
            raise InputError(f"{source.title}: no video {name!r} among {', '.join(source.images)}")
        return self._videos[name]


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many of the last parts are equal."""
    count = 0
    for a, b in zip(reversed(one), reversed(other), strict=False):
        if a != b:
            break
        count += 1
    return count
