"""Rows and domain objects. The only room that says ``select``; every list has a total order and a page."""
