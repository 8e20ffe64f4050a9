"""Put a trained recogniser into the package: FOLDER of `hie train action` -> hie_cli/weights/NAME.*

hie train action --simulate 600 --set epochs=9 --set threads=2 -o build/pose-stream-sim
python tools/package_recogniser.py build/pose-stream-sim
"""

import dataclasses
import sys
from pathlib import Path

from hie_cli.models.weights import PACKAGED
from hie_cli.recognition.learned.card import CARD, read_card
from hie_cli.training.action.report import write_card


def main() -> None:
    """Copy weights and card under the card's name."""
    folder = Path(sys.argv[1])
    card = read_card(folder / CARD)
    weights = (folder / card.weights).read_bytes()
    (PACKAGED / f"{card.name}.safetensors").write_bytes(weights)
    packaged = dataclasses.replace(card, weights=f"{card.name}.safetensors")
    write_card(PACKAGED / f"{card.name}.json", packaged)
    print(f"{card.name}: {len(weights)} bytes, sha256 {card.sha256}")


if __name__ == "__main__":
    main()
