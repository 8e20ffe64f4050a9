"""Figures of tracked people: counts, ways, speeds, places, groups, actions."""
