"""Training a pose network for one person in a window: MoveNet Thunder or Lightning."""
