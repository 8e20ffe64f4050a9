"""What any training leaves beside its weights: a csv log and curves."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from hie_cli.core import libraries
from hie_cli.formats.files import atomic_write
from hie_cli.training.engine.loop import History


def write_log(folder: Path, history: History) -> None:
    """``log.csv``: one row per epoch."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(history[0]) if history else ["epoch"], lineterminator="\n")
    writer.writeheader()
    for row in history:
        writer.writerow({k: int(v) if k == "epoch" else f"{v:.6f}" for k, v in row.items()})
    with atomic_write(folder / "log.csv") as file:
        file.write(text.getvalue())


def write_curves(folder: Path, history: History, names: Sequence[str]) -> None:
    """``curves.png``: the loss, and the validation figures ``names``, over the epochs."""
    libraries.matplotlib()
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    epochs = [row["epoch"] for row in history]
    left.plot(epochs, [row["loss"] for row in history], marker=".")
    left.set(title="training loss", xlabel="epoch")
    for name in names:
        right.plot(epochs, [row[name] for row in history], marker=".", label=name)
    right.set(title="validation", xlabel="epoch", ylim=(0, 1))
    right.legend()
    with atomic_write(folder / "curves.png", "wb") as file:
        figure.savefig(file, format="png", dpi=100)


def write_tensorboard(folder: Path, history: History) -> None:
    """``tensorboard/``: the same curves, where TensorBoard is installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return
    place = folder / "tensorboard"
    for earlier in place.glob("events.out.tfevents.*"):  # would be drawn over these
        earlier.unlink()
    writer = SummaryWriter(str(place))
    for row in history:
        for name, value in row.items():
            if name != "epoch":
                writer.add_scalar(name, value, int(row["epoch"]))
    writer.close()
