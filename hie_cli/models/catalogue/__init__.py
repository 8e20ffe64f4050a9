"""Well-known published models: what is known of them, and getting them."""
