"""Fixtures for tests of pages: the small world."""

from tests.web.world import world

__all__ = ["world"]
