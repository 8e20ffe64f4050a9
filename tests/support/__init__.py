"""Helpers that tests import by name: references, oracles, made-up people, stand-in networks."""
