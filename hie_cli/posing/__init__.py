"""Poses: networks on crops, merged with the detector's own, refined over time by optical flow."""
