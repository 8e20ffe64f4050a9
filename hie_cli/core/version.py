"""The version of hie; pyproject.toml states the same."""

__version__ = "0.1.0"
