"""Who stamps the time, in words. One rule: the service's own clock is never told as an independent authority."""

from collections.abc import Iterable

LOCAL = "local: the service's own clock, not an independent authority"
EMBEDDED = "embedded"  # how settings name the service's own


def stampers_told(addresses: Iterable[str]) -> str:
    """The time-stamp authorities of an installation in the order in which they are asked, as words."""
    return "; if that does not answer, ".join(LOCAL if each == EMBEDDED else each for each in addresses)


def level_told(when_signed: str, today: str) -> str:
    """The level of a signature in words, where the closing of the document raised it since."""
    if not today or today == when_signed:
        return when_signed
    return f"{when_signed} when signed; {today} since the document was closed" if when_signed else today
