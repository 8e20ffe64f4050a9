"""Training a person detector: NanoDet, at its published width or half of it."""
