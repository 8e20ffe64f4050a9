"""Pixels of samples of actions kept on disk."""

import dataclasses
from pathlib import Path
from typing import TypeVar

from hie_cli.recognition.learned.network_specs import Pixels, Portraits, VideoClip
from hie_cli.training.engine.pixel_store import PixelFile, Stored

View = TypeVar("View")


class PixelStore(PixelFile):
    """Samples' pixels in one temporary file; an image that follows itself is there once."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._last: list[tuple[Pixels, Stored]] = []

    def kept(self, view: View) -> View:
        """``view`` with its pixels on disk; images shared with the view before are there once."""
        if isinstance(view, Portraits):
            return dataclasses.replace(view, crops=self.put(view.crops))
        if isinstance(view, VideoClip):
            known = self._last
            self._last = []
            for image in view.images:
                same = [pair for pair in known + self._last if pair[0] is image]
                self._last.append(same[0] if same else (image, self.put(image)))
            return dataclasses.replace(view, images=tuple(stored for _, stored in self._last))
        return view
