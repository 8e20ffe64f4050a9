"""Top-down pose: one crop per person, batched over people and images."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.parallel import side_by_side
from hie_cli.core.skeletons import FLIP, NUM_JOINTS
from hie_cli.core.types import FloatArray, Image
from hie_cli.models.images import cut, windows
from hie_cli.models.loaded import Crops, LoadedModel
from hie_cli.models.parts import Network, PoseDecoder, Poses, runs


@dataclass(frozen=True)
class CropEstimator(LoadedModel):
    """A top-down estimator put together from its parts; see ``base.PoseEstimator``.

    ``batch``: most crops in one run of the network.
    """

    network: Network
    decode: PoseDecoder
    batch: int = 8

    def estimate(
        self, images: Sequence[Image], boxes: Sequence[NDArray[np.floating]], *, flip: bool = False
    ) -> list[Poses]:
        """See ``base.PoseEstimator.estimate``."""
        row = Crops.of(boxes)
        every, owner = row.boxes, row.owner
        size_wh = self.spec.input.size_wh
        window = windows(every, self.spec.input.context, size_wh[0] / size_wh[1])
        keypoints = np.full((len(every), NUM_JOINTS, 2), np.nan, np.float32)
        scores = np.zeros((len(every), NUM_JOINTS), np.float32)

        def look(part: slice) -> None:
            crops = np.stack(
                [cut(images[i], w, size_wh) for i, w in zip(owner[part], window[part], strict=True)]
            )
            corner = window[part, None, :2].astype(np.float32)
            per_pixel = window[part, None, 2:] / np.array(size_wh, np.float32)
            corners = (every[part].reshape(-1, 2, 2) - corner) / per_pixel
            inside: FloatArray = np.asarray(corners.reshape(-1, 4), np.float32)
            found = self.decode(self.network(crops), inside, size_wh)
            if flip:
                found = _mean(found, self._mirrored(crops, inside))
            keypoints[part] = found[0] * per_pixel + corner
            scores[part] = found[1]

        side_by_side(look, list(row.batches(self.batch)), runs(self.network))
        return list(zip(row.by_image(keypoints), row.by_image(scores), strict=True))

    def _mirrored(self, crops: Image, boxes: FloatArray) -> Poses:
        """Poses of the mirrored crops, put back: x mirrored, left and right joints swapped."""
        size_wh = self.spec.input.size_wh
        width = np.float32(size_wh[0])
        mirrored = boxes[:, [2, 1, 0, 3]]
        mirrored[:, [0, 2]] = width - mirrored[:, [0, 2]]
        outputs = self.network(np.ascontiguousarray(crops[:, :, ::-1]))
        keypoints, scores = self.decode(outputs, mirrored, size_wh)
        keypoints[..., 0] = width - keypoints[..., 0]
        return keypoints[:, FLIP], scores[:, FLIP]


def _mean(one: Poses, other: Poses) -> Poses:
    """The mean of two poses; a joint that only one of them has is taken from it."""
    both = np.stack((one[0], other[0]))
    there = np.isfinite(both)
    count = there.sum(0)
    total = np.where(there, both, 0).sum(0)
    mean = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    return mean, (one[1] + other[1]) / 2
