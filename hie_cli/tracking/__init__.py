"""Identities over time: motion filter, association, tracklet linking, smoothing."""
