"""What a loaded model says of the pictures with people: in words, as a picture, and how good."""

from dataclasses import dataclass

import numpy as np

from hie_cli.core.types import Image
from hie_cli.models.appearance import CropEmbedder
from hie_cli.models.assembly import Loaded
from hie_cli.models.base import PoseEstimator
from hie_cli.models.detectors import ImageDetector
from hie_cli.models.importing import picture, quality, show

# Quality below which a detector sees nobody, and a pose network's joints lie elsewhere.
SEES_PEOPLE, SEES_JOINTS = 0.3, 0.4


@dataclass(frozen=True)
class Look:
    """``seen`` in words · ``sees``: whether that is what the picture shows · ``drawn``: the same
    as a picture.
    """

    seen: str
    sees: bool
    drawn: Image


def look(model: Loaded) -> Look:
    """Show ``model`` the test picture. Raises ModelError where graph and decoder do not fit."""
    image = picture.read()
    if isinstance(model, ImageDetector):
        (found,) = model.detect([image])
        view = picture.whole()
        seen = f"{quality.people_seen(found, view)} of the {len(view.boxes)} people"
        sees = quality.of_boxes([found], [view]) >= SEES_PEOPLE
        return Look(f"{seen} in the test picture", sees, show.people(image, found))
    if isinstance(model, CropEmbedder):
        before = picture.read("people_second_earlier")
        now, then = model.embed([image, before], [picture.BOXES, picture.EARLIER_BOXES])
        _, right = quality.of_vectors(now, then)
        seen = f"{right} of {len(now)} people recognised in a picture one second earlier"
        drawn = show.likeness(
            image, picture.BOXES, before, picture.EARLIER_BOXES, np.asarray(now @ then.T)
        )
        return Look(seen, right > len(now) // 2, drawn)
    estimator: PoseEstimator = model  # type: ignore[assignment] # the one task that is left
    people = sorted(picture.JOINTS)
    ((points, _),) = estimator.estimate([image], [picture.BOXES])
    truth = np.stack([picture.JOINTS[index] for index in people])
    share = quality.of_joints(points[people], truth)
    seen = f"{max(share, 0):.0%} of the joints of {len(people)} people in the test picture"
    return Look(seen, share >= SEES_JOINTS, show.poses(image, points))
