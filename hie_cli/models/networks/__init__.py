"""The packaged networks as torch modules."""
