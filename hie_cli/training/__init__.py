"""Training networks on labelled people, real or simulated."""
