"""Training the learned recognisers."""
