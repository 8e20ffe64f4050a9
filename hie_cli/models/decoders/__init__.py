"""From a network's outputs to people or poses: one layout a small class."""
