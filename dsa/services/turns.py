"""One after another within this process. One rule: it only saves work; what keeps things right is the database."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """Lets those who work on one thing in this process do so one after another, so that nobody's work is done twice."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: dict[str, tuple[threading.Lock, int]] = {}

    @contextmanager
    def turn(self, thing: str) -> Iterator[None]:
        """Wait until it is this one's turn."""
        with self._guard:
            lock, count = self._waiting.get(thing, (threading.Lock(), 0))
            self._waiting[thing] = lock, count + 1
        try:
            with lock:
                yield
        finally:
            with self._guard:
                lock, count = self._waiting[thing]
                if count == 1:
                    del self._waiting[thing]
                else:
                    self._waiting[thing] = lock, count - 1
