"""Live sources through the chain: segments of documents, events, a page to watch."""
