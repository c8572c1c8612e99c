"""The data-sharing agreement workflow engine."""

__version__ = "0.1.0"
