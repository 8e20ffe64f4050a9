"""Importing a model file of which nothing but its bytes is known."""
