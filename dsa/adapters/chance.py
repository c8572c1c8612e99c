"""Chance. One rule: what nobody may guess comes from the operating system."""

import secrets


class SystemChance:
    """Random texts from the operating system."""

    def token(self) -> str:
        """128 bits as 32 hexadecimal digits."""
        return secrets.token_hex(16)


class SeededChance:
    """The same texts for the same seed: for the demo world and for tests, never for secrets."""

    def __init__(self, seed: int) -> None:
        import random

        self._random = random.Random(seed)  # noqa: S311 - wanted to be repeatable

    def token(self) -> str:
        """128 bits as 32 hexadecimal digits."""
        return f"{self._random.getrandbits(128):032x}"
