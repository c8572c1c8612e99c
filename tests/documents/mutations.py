"""Random damage to a signed document, the same for the same seed. One rule: what comes out always differs."""

import random
import re
from collections.abc import Callable, Iterator

Mutation = Callable[[bytearray, random.Random], None]


def _flip(data: bytearray, chance: random.Random) -> None:
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _overwrite(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data))
    data[at : at + chance.randrange(1, 64)] = chance.randbytes(chance.randrange(1, 64))


def _delete(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data))
    del data[at : at + chance.randrange(1, 2_000)]


def _insert(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data))
    data[at:at] = chance.randbytes(chance.randrange(1, 200))


def _repeat(data: bytearray, chance: random.Random) -> None:
    at, size = chance.randrange(len(data)), chance.randrange(1, 4_000)
    data[at:at] = data[at : at + size]


def _swap(data: bytearray, chance: random.Random) -> None:
    size = chance.randrange(1, 500)
    one, two = sorted(chance.randrange(len(data) - size) for _ in range(2))
    data[one : one + size], data[two : two + size] = data[two : two + size], data[one : one + size]


def _cut(data: bytearray, chance: random.Random) -> None:
    """Cut anywhere, and as often where a revision ends: there what is left is a readable PDF."""
    ends = [found.end() for found in re.finditer(rb"%%EOF\r?\n?", data)][:-1]
    del data[chance.choice(ends) if ends and chance.random() < 0.5 else chance.randrange(len(data)) :]


def _line(data: bytearray, chance: random.Random) -> None:
    """Empty lines behind the end, or the last one taken away."""
    if chance.random() < 0.3:
        del data[-1:]
    else:
        data += chance.choice([b"\n", b"\r\n", b"\n\n", b" ", b"%%EOF", b"%%EOF\n"])


def _digit(data: bytearray, chance: random.Random) -> None:
    """Another digit in place of one: offsets, lengths, ranges, coordinates."""
    places = [at for at in range(chance.randrange(len(data)), len(data)) if 48 <= data[at] <= 57][:1]
    for at in places:
        data[at] = 48 + (data[at] - 48 + chance.randrange(1, 10)) % 10


def _revision(data: bytearray, chance: random.Random) -> None:
    """One more revision that writes an object anew, by hand."""
    last = int(bytes(data).rstrip().rsplit(b"startxref", 1)[1].split()[0])
    number, place = chance.randrange(1, 120), len(data)
    data += b"%d 0 obj\n<< /Length 3 >>\nstream\n%3d\nendstream\nendobj\n" % (number, chance.randrange(999))
    start = len(data)
    data += b"xref\n%d 1\n%010d 00000 n \ntrailer\n<< /Size 9999 /Root 1 0 R /Prev %d >>\n" % (number, place, last)
    data += b"startxref\n%d\n%%%%EOF\n" % start


MUTATIONS: tuple[Mutation, ...] = (_flip, _overwrite, _delete, _insert, _repeat, _swap, _cut, _line, _digit, _revision)


def mutated(pdf: bytes, *, seed: int, number: int) -> Iterator[tuple[str, bytes]]:
    """(what was done, the damaged document) for so many random mutations, each kind in turn."""
    chance = random.Random(seed)
    done = 0
    while done < number:
        kind = MUTATIONS[done % len(MUTATIONS)]
        data = bytearray(pdf)
        kind(data, chance)
        if bytes(data) != pdf:
            done += 1
            yield kind.__name__, bytes(data)
