"""One demo authority and one signed document for all tests here. One rule: a test that changes bytes changes a copy."""

from pathlib import Path

import pytest

from dsa.adapters.authority import Authority
from tests.documents import specimens


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A demo authority made for this run."""
    return Authority.open(tmp_path_factory.mktemp("authority"), demo=True)


@pytest.fixture(scope="session")
def base_pdf() -> bytes:
    """The unsigned document of two parties."""
    return specimens.base()


@pytest.fixture(scope="session")
def signed_pdf(authority: Authority, base_pdf: bytes) -> bytes:
    """The complete document: two seals, two signatures, B-LTA."""
    return specimens.signed(authority, specimens.agreement(), base_pdf)


@pytest.fixture
def signed_file(tmp_path: Path, signed_pdf: bytes) -> Path:
    """The complete document as a file."""
    path = tmp_path / "agreement.pdf"
    path.write_bytes(signed_pdf)
    return path


@pytest.fixture
def root_file(tmp_path: Path, authority: Authority) -> Path:
    """The root certificate as a file."""
    path = tmp_path / "root.pem"
    path.write_bytes(authority.root_pem)
    return path
