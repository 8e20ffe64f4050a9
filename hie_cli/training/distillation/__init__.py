"""A detector taught by another one: by its feature maps, or by its boxes."""
