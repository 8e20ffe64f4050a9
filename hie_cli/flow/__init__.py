"""Optical flow between consecutive frames, and carrying points along it."""
