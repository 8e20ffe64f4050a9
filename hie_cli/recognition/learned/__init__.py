"""Recognisers that were trained: networks, their weights and what they see of a window."""
