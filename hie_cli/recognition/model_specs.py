"""What is known of the recognisers that travel with the package, as records for lists."""

from dataclasses import dataclass, replace
from pathlib import Path

from hie_cli.core.errors import ModelError
from hie_cli.models.network_files import REPAIR, problem, size_of
from hie_cli.models.parts import Network
from hie_cli.models.spec import InputSpec, ModelSpec
from hie_cli.models.weights import PACKAGED
from hie_cli.recognition import registry
from hie_cli.recognition.learned import fused_recogniser
from hie_cli.recognition.learned.card import CARD, read_card
from hie_cli.recognition.learned.loading import SIMULATED


@dataclass(frozen=True)
class CardWeights:
    """The weights beside a card; recognisers open them themselves."""

    path: Path
    sha256: str

    def open(self, input: InputSpec, device: str, threads: int | None) -> Network:
        """ModelError: see ``recognition.registry.make``."""
        raise ModelError(f"{self.path.name}: recognises actions; use it with `hie action --model`")

    def files(self) -> tuple[tuple[str, str | None], ...]:
        """See ``spec.NetworkSource``."""
        return ((self.path.name, problem(self.path, self.sha256, REPAIR)),)

    def size(self) -> int | None:
        """Bytes of the file; None where it is missing."""
        return size_of(self.path)


def recognisers() -> list[ModelSpec]:
    """A record for each registered recogniser; those of plug-ins have a name only."""
    known = {
        "kinematic": ModelSpec(
            "kinematic", "action", architecture="softmax over measures and rules",
            licence="Apache-2.0", summary="fitted decision on boxes and poses, no network",
            packaged=True,
        ),
        SIMULATED: _of_card(PACKAGED / f"{SIMULATED}.json"),
    }  # fmt: skip
    return [known.get(name, ModelSpec(name, "action")) for name in registry.names()]


def trained(folder: Path) -> ModelSpec | None:
    """The record of a folder that `hie train action` wrote, by its card; None for another one."""
    path = folder / CARD
    if not path.is_file() or fused_recogniser.is_fusion(str(folder)):
        return None
    return replace(_of_card(path), name=str(folder), licence="", packaged=False)


def _of_card(path: Path) -> ModelSpec:
    card = read_card(path)
    return ModelSpec(
        card.name,
        "action",
        CardWeights(path.parent / card.weights, card.sha256),
        architecture=card.network,
        licence="Apache-2.0",
        source="hie train action",
        summary=f"from poses; {card.data}",
        packaged=True,
    )
