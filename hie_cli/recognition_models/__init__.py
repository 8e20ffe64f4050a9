"""Learned recognisers of actions."""
