"""Scores of the four tracks: sums per sequence that add up, and the figures derived from them."""
