"""Summaries of videos: shots, scores of them, the choice within a length, and its evaluation."""
