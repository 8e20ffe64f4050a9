"""What the commands that train a network for images print."""

from typing import TYPE_CHECKING

from hie_cli.cli.terminal import show, show_json

if TYPE_CHECKING:
    from hie_cli.training.engine.network_folder import TrainedNetwork


def show_network(done: "TrainedNetwork", usage: str, json: bool) -> None:
    """Its figures before and after, and what to do next."""
    from hie_cli.training.engine import distributed

    if distributed.rank():  # the first process speaks
        return
    if json:
        told = {"selected_by": done.selected_by, "epochs": done.epochs, "data": done.data}
        show_json({"folder": str(done.folder), **done.numbers, "before": done.before, **told})
        return
    show(f"model: {done.folder}; {done.data}")
    best = int(done.numbers["best_epoch"])
    show(f"epoch {best} of {done.epochs} (from 0), the best by {done.selected_by}, on validation:")
    for name, value in done.numbers.items():
        if name != "best_epoch":
            show(f"  {name:<10} {value:.4f}   before {done.before.get(name, float('nan')):.4f}")
    show(f"next: {usage}")
