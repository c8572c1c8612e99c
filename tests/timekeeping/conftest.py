"""Where the shared cases lie; tests that need them are skipped where they are absent."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def cases() -> Path:
    root = Path(__file__).resolve().parents[2]
    shared = Path(os.environ.get("DSA_SHARED") or root.parent / "shared")
    if not (shared / "cases" / "workdays-sample.csv").is_file():
        pytest.skip("the shared cases are absent: set DSA_SHARED to the folder that holds them")
    return shared / "cases"
