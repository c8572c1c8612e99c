"""A Merkle tree over a list that only grows (RFC 6962, section 2.1). One rule: pure; hashes in, hashes and proofs out.

A tree of n leaves is made of full subtrees, each named by its (level, index): level 0 are the leaves, and the node
(k, i) covers the leaves from i * 2**k on. Whoever keeps every full node finds roots and proofs in a number of look-ups
that grows with the logarithm of n; ``Nodes`` is such a look-up.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence

Nodes = Callable[[int, int], bytes]
Place = tuple[int, int]  # (level, index)
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf: SHA-256 over a zero byte and its data."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node: SHA-256 over a one byte and the hashes of both children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def full_subtrees(start: int, end: int) -> list[Place]:
    """The full subtrees that cover the leaves from ``start`` up to ``end``, left to right.

    ``start`` is a multiple of the largest power of two within ``end - start``, as in every split of RFC 6962.
    """
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append((level, start >> level))
        start += 1 << level
    return found


def _subtree(nodes: Nodes, start: int, end: int) -> bytes:
    *before, last = [nodes(level, index) for level, index in full_subtrees(start, end)]
    for left in reversed(before):
        last = node_hash(left, last)
    return last


def root(nodes: Nodes, size: int) -> bytes:
    """The root of the first ``size`` leaves."""
    return _subtree(nodes, 0, size) if size else EMPTY_ROOT


def grown(nodes: Nodes, size: int, leaves: Iterable[bytes]) -> list[tuple[int, int, bytes]]:
    """(level, index, hash) of every full node that comes into being when leaf hashes follow the first ``size``.

    The leaves themselves are among them, as level 0.
    """
    made: dict[Place, bytes] = {}

    def known(level: int, index: int) -> bytes:
        return made[level, index] if (level, index) in made else nodes(level, index)

    for index, hashed in enumerate(leaves, size):
        level = 0
        made[0, index] = hashed
        while index & 1:
            hashed = node_hash(known(level, index - 1), hashed)
            level, index = level + 1, index >> 1
            made[level, index] = hashed
    return [(level, index, hashed) for (level, index), hashed in made.items()]


def _split(size: int) -> int:
    """The largest power of two below ``size``."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """The ranges of leaves whose subtree roots make the inclusion proof of leaf ``index``, from the leaf upwards."""
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    found, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start = middle
    return found[::-1]


def inclusion_proof(nodes: Nodes, index: int, size: int) -> list[bytes]:
    """The hashes with which somebody who holds leaf ``index`` finds the root of ``size`` leaves (RFC 6962 2.1.1)."""
    return [_subtree(nodes, start, end) for start, end in inclusion_ranges(index, size)]


def consistency_ranges(old: int, size: int) -> list[tuple[int, int]]:
    """The ranges of leaves whose subtree roots make the consistency proof between two sizes, in its order."""
    if not 0 <= old <= size:
        raise ValueError(f"a tree of {size} does not continue one of {old}")
    if old in (0, size):
        return []
    found, start, end, whole = [], 0, size, True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start, whole = middle, False
    if not whole:
        found.append((start, end))
    return found[::-1]


def consistency_proof(nodes: Nodes, old: int, size: int) -> list[bytes]:
    """The hashes which show that the first ``old`` of ``size`` leaves are those of the older tree (RFC 6962 2.1.2)."""
    return [_subtree(nodes, start, end) for start, end in consistency_ranges(old, size)]


def places(ranges: Iterable[tuple[int, int]]) -> set[Place]:
    """Every full node that subtree roots over these ranges are made of: what has to be looked up."""
    return {place for start, end in ranges for place in full_subtrees(start, end)}


def root_by_inclusion(hashed: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """The root to which an inclusion proof leads from a leaf's hash; None for a proof of the wrong length."""
    if not 0 <= index < size:
        return None
    ranges = inclusion_ranges(index, size)
    if len(ranges) != len(proof):
        return None
    for (start, _), other in zip(ranges, proof, strict=True):
        hashed = node_hash(hashed, other) if start > index else node_hash(other, hashed)
    return hashed


def is_consistent(old: int, old_root: bytes, size: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether a consistency proof shows that a tree of ``size`` and ``new_root`` continues one of ``old`` and its root.

    An empty old tree is continued by any; the same size asks for the same root.
    """
    if not 0 <= old <= size:
        return False
    ranges = consistency_ranges(old, size)
    if len(ranges) != len(proof):
        return False
    if old == 0:
        return old_root == EMPTY_ROOT
    if old == size:
        return old_root == new_root
    parts = list(zip(ranges, proof, strict=True))
    if ranges[0][1] > old:  # the older tree is a full subtree of the newer: its root is the first hash
        before = after = old_root
    else:
        before = after = parts.pop(0)[1]
    for (start, _), other in parts:
        if start < old:
            before, after = node_hash(other, before), node_hash(other, after)
        else:
            after = node_hash(after, other)
    return before == old_root and after == new_root


class Tree:
    """A whole tree in memory, for whoever holds every leaf."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self._levels: list[list[bytes]] = [[]]
        for hashed in leaves:
            self.append(hashed)

    def append(self, hashed: bytes) -> None:
        """Add the hash of one more leaf."""
        level, levels = 0, self._levels
        levels[0].append(hashed)
        while not len(levels[level]) & 1:
            if level + 1 == len(levels):
                levels.append([])
            levels[level + 1].append(node_hash(levels[level][-2], levels[level][-1]))
            level += 1

    def node(self, level: int, index: int) -> bytes:
        """A full node. Raises IndexError where there is none."""
        return self._levels[level][index]

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return len(self._levels[0])

    def root(self, size: int | None = None) -> bytes:
        """The root of the first ``size`` leaves, by default of all."""
        return root(self.node, self.size if size is None else size)
