"""Training summarisers: SUM-GDA, supervised or not, and Cycle-SUM."""
