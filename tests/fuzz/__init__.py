"""Damaged files of every kind: read as something, or refused in one line.

``python -m tests.fuzz --mutants 100000`` runs many of them and prints a tally.
"""
