"""Footage by likeness: codes of shots and frames, an index of them, and the search in it."""
