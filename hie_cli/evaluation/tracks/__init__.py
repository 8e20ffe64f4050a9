"""One challenge track a module: what a sequence contributes, and the figures made of it."""
