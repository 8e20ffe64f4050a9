"""Poses without networks: joint score calibration, agreement of two poses, stolen poses."""
