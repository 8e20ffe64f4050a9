"""Identities over time: batched motion filter, association, tracklet linking, smoothing (numpy)."""
