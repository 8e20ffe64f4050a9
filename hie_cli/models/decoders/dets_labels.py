"""mmdeploy's detectors (RTMDet, YOLOX and others): boxes with scores, and their classes."""

from dataclasses import dataclass

import numpy as np

from hie_cli.core.types import FloatArray, People
from hie_cli.models.decoders.candidates import ClassedLayout, refuse, sparse
from hie_cli.models.images import Letterbox


@dataclass(frozen=True)
class DetsLabels(ClassedLayout):
    """``dets`` (N, 5) xyxy in pixels, score; ``labels`` (N,)."""

    def __call__(self, outputs: list[FloatArray], box: Letterbox) -> People:
        """See ``parts.PeopleDecoder``."""
        dets = [each for each in outputs if each.ndim == 2 and each.shape[1] == 5]
        labels = [each for each in outputs if each.ndim == 1]
        if not dets or not labels or len(dets[0]) != len(labels[0]):
            raise refuse("dets-labels", outputs, "dets (N, 5) and labels (N)")
        scores = np.where(labels[0] == self.person, dets[0][:, 4], np.float32(0))
        return sparse(dets[0][:, :4], scores, box, self.floor)
