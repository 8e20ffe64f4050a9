"""The training loop, its losses and checkpoints, whatever is trained."""
