"""The small world, for counting step by step."""

from tests.web.world import world

__all__ = ["world"]
