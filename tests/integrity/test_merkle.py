"""The Merkle tree: RFC 6962's own examples, then laws that hold for every tree."""

import hashlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsa.domain import merkle
from dsa.domain.merkle import Tree, is_consistent, leaf_hash, node_hash, root_by_inclusion

# The eight leaves and the roots over the first n of them that implementations of RFC 6962 test themselves with.
LEAVES = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def tree(size: int) -> Tree:
    return Tree(leaf_hash(number.to_bytes(4, "big")) for number in range(size))


def plain_root(leaves: list[bytes]) -> bytes:
    """The definition of RFC 6962 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(plain_root(leaves[:k]), plain_root(leaves[k:]))


def test_the_roots_are_the_known_ones() -> None:
    known = Tree(map(leaf_hash, LEAVES))
    assert tuple(known.root(size).hex() for size in range(1, 9)) == ROOTS
    assert known.root(0).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_the_audit_paths_of_the_rfcs_own_tree_of_seven_leaves() -> None:
    """RFC 6962 2.1.3: the paths of d0, d3, d4 and d6, and the consistency proofs from 3, 4 and 6 to 7."""
    whole = Tree(map(leaf_hash, LEAVES[:7]))
    a, b, c, d, e, f, j = (whole.node(0, index) for index in range(7))
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, m = node_hash(g, h), node_hash(i, j)
    assert whole.root() == node_hash(k, m)
    paths = {0: [b, h, m], 3: [c, g, m], 4: [f, j, k], 6: [i, k]}
    for index, path in paths.items():
        assert merkle.inclusion_proof(whole.node, index, 7) == path
    proofs = {3: [c, d, g, m], 4: [m], 6: [i, j, k]}
    for old, proof in proofs.items():
        assert merkle.consistency_proof(whole.node, old, 7) == proof


@given(st.integers(0, 130))
def test_the_root_is_that_of_the_definition(size: int) -> None:
    built = tree(size)
    assert built.root() == plain_root([built.node(0, index) for index in range(size)])


@given(st.integers(1, 300).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1))))
def test_every_leaf_is_proved_and_no_other_leaf_or_place_is(drawn: tuple[int, int]) -> None:
    size, index = drawn
    built = tree(size)
    proof, leaf = merkle.inclusion_proof(built.node, index, size), built.node(0, index)
    assert root_by_inclusion(leaf, index, size, proof) == built.root()
    assert root_by_inclusion(leaf_hash(b"another"), index, size, proof) != built.root()
    if size > 1:
        assert root_by_inclusion(leaf, (index + 1) % size, size, proof) != built.root()
        assert root_by_inclusion(leaf, index, size, proof[:-1]) is None
    assert root_by_inclusion(leaf, size, size, proof) is None


@given(st.integers(0, 200).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size))))
def test_a_longer_tree_is_shown_to_continue_the_shorter(drawn: tuple[int, int]) -> None:
    size, old = drawn
    built = tree(size)
    proof = merkle.consistency_proof(built.node, old, size)
    assert is_consistent(old, built.root(old), size, built.root(), proof)
    assert not is_consistent(old, leaf_hash(b"x"), size, built.root(), proof)
    if old:
        assert not is_consistent(old, built.root(old), size, leaf_hash(b"x"), proof)
    assert not is_consistent(old, built.root(old), size, built.root(), [*proof, leaf_hash(b"x")])


def _flip(leaves: list[bytes], at: int) -> None:
    leaves[at] = leaf_hash(b"flipped")


def _delete(leaves: list[bytes], at: int) -> None:
    del leaves[at]


def _insert(leaves: list[bytes], at: int) -> None:
    leaves.insert(at, leaf_hash(b"inserted"))


def _reorder(leaves: list[bytes], at: int) -> None:
    leaves[at], leaves[at - 1] = leaves[at - 1], leaves[at]


@pytest.mark.parametrize("change", [_flip, _delete, _insert, _reorder], ids=lambda each: each.__name__)
@given(st.integers(2, 60), st.integers(0, 59), st.integers(0, 8))
def test_whoever_holds_an_older_root_finds_every_change_below_it(
    change: Callable[[list[bytes], int], None], old: int, at: int, more: int
) -> None:
    honest = tree(old)
    leaves = [honest.node(0, index) for index in range(old)]
    change(leaves, at % old)
    rebuilt = Tree([*leaves, *(leaf_hash(b"later %d" % number) for number in range(more + 1))])
    assert rebuilt.root(old) != honest.root()
    proof = merkle.consistency_proof(rebuilt.node, old, rebuilt.size)
    assert not is_consistent(old, honest.root(), rebuilt.size, rebuilt.root(), proof)


@given(st.integers(0, 70), st.integers(0, 70))
def test_nodes_kept_one_batch_after_another_are_those_of_the_whole_tree(first: int, second: int) -> None:
    whole = tree(first + second)
    kept: dict[tuple[int, int], bytes] = {}
    for low, high in ((0, first), (first, first + second)):
        leaves = [whole.node(0, index) for index in range(low, high)]
        for level, index, hashed in merkle.grown(lambda level, index: kept[level, index], low, leaves):
            kept[level, index] = hashed
    assert all(whole.node(level, index) == hashed for (level, index), hashed in kept.items())
    assert merkle.root(lambda level, index: kept[level, index], first + second) == whole.root()


@given(st.integers(1, 10**9).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1))))
def test_a_proof_needs_few_nodes_however_large_the_tree(drawn: tuple[int, int]) -> None:
    size, index = drawn
    assert len(merkle.inclusion_ranges(index, size)) <= size.bit_length()
    assert len(merkle.places(merkle.inclusion_ranges(index, size))) <= 2 * size.bit_length()
