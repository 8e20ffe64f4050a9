"""What fitting a fusion leaves behind: card, members and the scene's networks, in one folder."""

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

from safetensors.torch import save

from hie_cli.formats.files import atomic_write, write_json
from hie_cli.recognition.learned.card import CARD, read_card
from hie_cli.recognition.learned.fused_recogniser import (
    BUILT_IN,
    OWN,
    SCENE_FILE,
    SEGMENTATION_FILE,
    FusionCard,
    member_folder,
)
from hie_cli.recognition.learned.video_weights import read_weights
from hie_cli.training.action.fusion_fit import Fitted


def write_fusion(
    folder: Path,
    models: Sequence[str],
    fitted: Fitted,
    segmentation: tuple[str, Path] | None,
    data: str,
) -> FusionCard:
    """Copy the members that are folders, write the networks, and last the card.

    ``models`` (M,) of weight 0 are left out, as is the segmentation where the scene does not count.
    """
    chosen = [(name, float(w)) for name, w in zip(models, fitted.weights, strict=True) if w > 0]
    members = []
    written: list[Path] = []
    for index, (name, _) in enumerate(chosen):
        own = name not in BUILT_IN
        members.append(OWN if own else name)
        if own:
            written.append(_copied(Path(name), member_folder(folder, index)))
    beta = None
    if fitted.correction is not None:
        beta = fitted.correction.beta
        written.append(folder / SCENE_FILE)
        state = fitted.correction.network.state_dict()
        with atomic_write(folder / SCENE_FILE, "wb") as file:
            file.write(save(state))
    surfaces = segmentation if fitted.correction is not None else None
    if surfaces is not None:
        written.append(folder / SEGMENTATION_FILE)
        state = {k: v.contiguous() for k, v in read_weights(surfaces[1]).items()}
        with atomic_write(folder / SEGMENTATION_FILE, "wb") as file:
            file.write(save(state))
    digests = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in written
    }
    card = FusionCard(
        folder.resolve().name,
        tuple(members),
        tuple(weight for _, weight in chosen),
        fitted.way,
        beta,
        "" if surfaces is None else surfaces[0],
        digests,
        data,
        dict(fitted.numbers),
    )
    write_json(folder / CARD, card.record())
    return card


def _copied(source: Path, target: Path) -> Path:
    """A member's card and weights, and nothing else, in ``target``; the card there.

    The card's own sha256 vouches for the weights.
    """
    weights = read_card(source / CARD).weights
    target.mkdir(parents=True, exist_ok=True)
    for name in (weights, CARD):
        if (source / name).resolve() != (target / name).resolve():
            shutil.copyfile(source / name, target / name)
    return target / CARD
