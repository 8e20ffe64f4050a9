"""The command line: thin adapters; whatever is slow to import is imported when a command runs."""
