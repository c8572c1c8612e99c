"""A running signer process for the tests here. One rule: it is ended with the test, and nothing is left behind."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from dsa.adapters.authority import Authority
from dsa.adapters.signer_client import SignerClient
from dsa.adapters.signer_process import SignerProcess
from dsa.config import Settings
from tests.documents import specimens


@pytest.fixture
def asking(settings: Settings) -> Settings:
    """Settings of a service that asks a signer process of its own."""
    return replace(settings, signer="own")


@pytest.fixture
def running(asking: Settings) -> Iterator[SignerProcess]:
    """The signer process of ``asking``, answering."""
    process = SignerProcess(asking).start()
    try:
        SignerClient(asking.signer_address, starting_seconds=30).certificates()
        yield process
    finally:
        process.stop()


@pytest.fixture
def client(asking: Settings, running: SignerProcess) -> SignerClient:
    """Somebody who may ask the running signer."""
    return SignerClient(asking.signer_address, starting_seconds=10)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A demo authority in this process, for what needs no process of its own."""
    return Authority.open(tmp_path_factory.mktemp("authority"), demo=True)


@pytest.fixture(scope="session")
def base_pdf() -> bytes:
    """The unsigned document of two parties."""
    return specimens.base()
