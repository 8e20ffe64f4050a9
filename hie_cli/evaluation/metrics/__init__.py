"""One metric a module: sums of a sequence that add up, and the figures derived from them."""
