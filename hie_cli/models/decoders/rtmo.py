"""RTMO (OpenMMLab): boxes and poses in one pass."""

from dataclasses import dataclass
from typing import ClassVar

from hie_cli.core.types import FloatArray, People
from hie_cli.models.decoders.candidates import PeopleLayout, keypoint_set, refuse, sparse
from hie_cli.models.images import Letterbox


@dataclass(frozen=True)
class Rtmo(PeopleLayout):
    """mmdeploy's export: ``dets`` (N, 5) xyxy, score; ``keypoints`` (N, K, 3) x, y, score."""

    required: ClassVar[tuple[str, ...]] = ("keypoints",)
    keypoints: str = "coco17"

    def __post_init__(self) -> None:
        super().__post_init__()
        keypoint_set(self.keypoints)

    def __call__(self, outputs: list[FloatArray], box: Letterbox) -> People:
        """See ``parts.PeopleDecoder``."""
        joints = keypoint_set(self.keypoints)
        count = len(joints.joints)
        boxes = [array for array in outputs if array.ndim == 2 and array.shape[1] == 5]
        poses = [array for array in outputs if array.ndim == 3 and array.shape[1:] == (count, 3)]
        if len(outputs) != 2 or not boxes or not poses or len(boxes[0]) != len(poses[0]):
            raise refuse("rtmo", outputs, f"dets (N, 5) and keypoints (N, {count}, 3)")
        found = poses[0][..., :2], poses[0][..., 2]
        return sparse(boxes[0][:, :4], boxes[0][:, 4], box, self.floor, found, joints)
