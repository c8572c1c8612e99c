"""No random damage is ever called genuine, and none breaks the verifier."""

import random
from collections import Counter
from pathlib import Path

import pytest

from dsa.adapters.authority import Authority
from dsa.adapters.verification import verify
from dsa.domain.errors import BadInput
from tests.documents.mutations import mutated

SEED = 20261123


def outcomes(pdf: bytes, authority: Authority, *, seed: int, number: int) -> Counter[str]:
    """How many mutations were refused or judged, by answer. Fails on the first that is called genuine."""
    found: Counter[str] = Counter()
    for position, (what, changed) in enumerate(mutated(pdf, seed=seed, number=number)):
        try:
            verdict = verify(changed, roots=[authority.root_pem]).verdict
        except BadInput:
            verdict = "refused"
        assert verdict != "genuine", f"seed {seed}, mutation {position}, {what}"
        found[verdict] += 1
    return found


@pytest.mark.slow
def test_none_of_fifty_random_mutations_is_called_genuine(authority: Authority, signed_pdf: bytes) -> None:
    found = outcomes(signed_pdf, authority, seed=SEED, number=50)
    assert found["changed"] >= 10, "mutations that the parser survives are what is tested here"
    assert found["refused"] >= 1


@pytest.mark.soak
def test_none_of_a_thousand_random_mutations_is_called_genuine(
    authority: Authority, signed_pdf: bytes, tmp_path: Path
) -> None:
    seed = random.SystemRandom().randrange(2**32)
    (tmp_path / "seed").write_text(str(seed))
    found = outcomes(signed_pdf, authority, seed=seed, number=1_000)
    print(f"seed {seed}: {dict(found)}")  # shown with -s, and where the test fails
