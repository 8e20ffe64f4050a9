"""How many images a graph takes at once, found by trying it."""

import dataclasses

import numpy as np

from hie_cli.core.errors import ModelError
from hie_cli.core.types import FloatArray
from hie_cli.models.images import Letterbox
from hie_cli.models.imported_network import ImportedNetwork, Ports, Session
from hie_cli.models.importing import picture
from hie_cli.models.spec import InputSpec


def batched(session: Session, name: str, spec: InputSpec) -> bool:
    """Whether each output begins with the image's number: not where one is a list of rows."""
    for each in first_outputs(session, name, dataclasses.replace(spec, batched=False)):
        if each[0].ndim < 2 or len(each[0]) != 1:
            return False
    return True


def first_outputs(session: Session, name: str, spec: InputSpec) -> list[FloatArray]:
    """What the graph says of the first picture; with ``batched`` false, just as it says it."""
    network = ImportedNetwork(session, name, spec)
    box = Letterbox.into(picture.read().shape[:2], spec.size_wh[::-1], spec.padding)
    return network(box.batch([picture.read()]))


def takes_several(session: Session, name: str, spec: InputSpec) -> bool:
    """Try two images at once; False where the graph says it takes any number, and then fails or
    answers otherwise.
    """
    if not spec.batched or spec.batch or Ports.of(session, name).batch is not None:
        return True
    view = picture.whole()
    box = Letterbox.into(view.image.shape[:2], spec.size_wh[::-1], spec.padding)
    pair = box.batch([view.image, np.ascontiguousarray(view.image[:, ::-1])])
    network = ImportedNetwork(session, name, spec)
    try:
        together = network(pair)
        alone = [network(pair[i : i + 1]) for i in range(2)]
        return all(
            len(both) == 2 and _agree(both[i], one[index][0])
            for index, both in enumerate(together)
            for i, one in enumerate(alone)
        )
    except (ModelError, ValueError):
        return False


def _agree(together: FloatArray, alone: FloatArray) -> bool:
    """Whether an image gets the same outputs in company; rows may be filled up with zeros."""
    if together.shape[1:] != alone.shape[1:] or len(together) < len(alone):
        return False
    scale = float(np.abs(alone).max(initial=0)) + 1e-6
    return bool(np.abs(together[: len(alone)] - alone).max(initial=0) < 1e-2 * scale)
