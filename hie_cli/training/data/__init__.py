"""Data to learn detectors and pose networks from: mixed by weight, checked, augmented."""
