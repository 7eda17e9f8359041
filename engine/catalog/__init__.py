"""The feature sets that come with the project."""

from engine.catalog.notebook import notebook

__all__ = ["notebook"]
