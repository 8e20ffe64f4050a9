"""Tf-KD against plain training and label smoothing, over seeds, with 95 % intervals.

    python benchmarks/tfkd.py digits                 # scikit-learn's 1,797 real digits
    python benchmarks/tfkd.py simulation --scenes 40 # pose-stream on simulated crowds

Every method has the same network, data, epochs and seeds. The data's split changes with the seed;
methods are compared by the paired difference to plain. The settings of each method were not tuned
on the test part: label smoothing 0.1; Tf-KD_reg and Tf-KD_self as written in METHODS.
"""

import argparse
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from hie_cli.training.engine.losses import tf_kd_reg, tf_kd_self

METHODS: dict[str, dict[str, float]] = {
    "plain": {},
    "label smoothing": {"smoothing": 0.1},
    "Tf-KD_reg": {"alpha": 0.1, "temperature": 20.0},
    "Tf-KD_self": {"alpha": 0.5, "temperature": 4.0},
}
Loss = Callable[[Tensor, Tensor, Tensor | None], Tensor]


def loss_of(method: str) -> Loss:
    """The loss (logits, labels, teacher's logits) of a method."""
    options = METHODS[method]
    if method == "Tf-KD_reg":
        return lambda out, y, _: tf_kd_reg(out, y, options["alpha"], options["temperature"])
    if method == "Tf-KD_self":

        def loss(out: Tensor, y: Tensor, taught: Tensor | None) -> Tensor:
            assert taught is not None
            return tf_kd_self(out, y, taught, options["alpha"], options["temperature"])

        return loss
    smoothing = options.get("smoothing", 0.0)
    return lambda out, y, _: cross_entropy(out, y, label_smoothing=smoothing)


def small_cnn() -> nn.Module:
    """About 20,000 parameters for 8 x 8 digits."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 48, 3, padding=1), nn.BatchNorm2d(48), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(48, 10),
    )  # fmt: skip


def fit_digits(
    x: Tensor, y: Tensor, method: str, seed: int, epochs: int, teacher: nn.Module | None
) -> nn.Module:
    torch.manual_seed(seed)
    network, loss = small_cnn(), loss_of(method)
    optimizer = torch.optim.SGD(network.parameters(), 0.05, momentum=0.9, weight_decay=5e-4)
    per_epoch = -(-len(x) // 64)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * per_epoch)
    shuffle = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        network.train()
        for part in torch.randperm(len(x), generator=shuffle).split(64):
            taught = None
            if teacher is not None:
                with torch.no_grad():
                    taught = teacher(x[part])
            value = loss(network(x[part]), y[part], taught)
            optimizer.zero_grad()
            torch.autograd.backward(value)
            optimizer.step()
            schedule.step()
    return network.eval()


def digits(seeds: int, epochs: int, share: float) -> dict[str, list[float]]:
    """Test error rates in percent; ``share`` of the images train, the rest test."""
    from sklearn.datasets import load_digits

    images, target = load_digits(return_X_y=True)
    x = torch.from_numpy(images.reshape(-1, 1, 8, 8).astype(np.float32) / 16)
    y = torch.from_numpy(target)
    found: dict[str, list[float]] = {name: [] for name in METHODS}
    for seed in range(seeds):
        order = torch.from_numpy(np.random.default_rng(seed).permutation(len(x)))
        cut = round(share * len(x))
        train, test = order[:cut], order[cut:]
        plain: nn.Module | None = None
        for method in METHODS:
            teacher = plain if method == "Tf-KD_self" else None
            network = fit_digits(x[train], y[train], method, seed, epochs, teacher)
            plain = network if method == "plain" else plain
            with torch.no_grad():
                right = (network(x[test]).argmax(1) == y[test]).double().mean()
            found[method].append(100 * (1 - float(right)))
    return found


def simulation(seeds: int, epochs: int, scenes: int) -> dict[str, list[float]]:
    """100 - macro accuracy of pose-stream on held-out styles, in percent."""
    import dataclasses
    import tempfile
    from pathlib import Path

    from hie_cli.core.progress import set_quiet
    from hie_cli.training.action.learning import predict, train
    from hie_cli.training.action.scores import quality
    from hie_cli.training.action.settings import TrainConfig
    from hie_cli.training.action.simulated import simulated_samples

    set_quiet(True)
    base = TrainConfig(epochs=epochs, batch=4, patience=epochs, balance="none")
    kind = base.kind()
    test = list(simulated_samples("test", 30, kind))
    found: dict[str, list[float]] = {name: [] for name in METHODS}
    for seed in range(seeds):
        first = seed * scenes
        training = list(simulated_samples("train", scenes, kind, first))
        validation = list(simulated_samples("train", 8, kind, 200_000 + first))
        plain: nn.Module | None = None
        for method, options in METHODS.items():
            how = {"Tf-KD_reg": "reg", "Tf-KD_self": "self"}.get(method, "none")
            config = dataclasses.replace(base, seed=seed, distill=how, **options)
            torch.manual_seed(seed)
            network = kind.build()
            teacher = plain if how == "self" else None
            with tempfile.TemporaryDirectory() as folder:
                train(network, training, validation, config, Path(folder), teacher=teacher)
            plain = network.eval() if method == "plain" else plain
            macro = quality(test, predict(network, test, kind)).macro
            found[method].append(100 * (1 - macro))
            print(f"seed {seed} {method}: {100 * (1 - macro):.2f} % error", flush=True)
    return found


def interval(values: list[float]) -> str:
    """Mean and 95 % interval of the mean (Student's t)."""
    from scipy.stats import t

    mean = float(np.mean(values))
    if len(values) < 2:
        return f"{mean:6.2f}"
    half = float(t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5)
    return f"{mean:6.2f} +- {half:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("task", choices=("digits", "simulation"))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, help="default: 40 for digits, 10 for simulation")
    parser.add_argument("--share", type=float, default=0.25, help="digits that train")
    parser.add_argument("--scenes", type=int, default=40)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.task == "digits":
        found = digits(options.seeds, options.epochs or 40, options.share)
    else:
        found = simulation(options.seeds, options.epochs or 10, options.scenes)
    print(f"\n{options.task}: error in %, {options.seeds} seeds; difference to plain, paired")
    for method, values in found.items():
        gains = [v - p for v, p in zip(values, found["plain"], strict=True)]
        note = "" if method == "plain" else f"   {interval(gains)}"
        print(f"{method:16s} {interval(values)}{note}")


if __name__ == "__main__":
    main()
