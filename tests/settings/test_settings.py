"""Settings: each bad one is named, all at once, and production refuses what is unsafe."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from dsa.config import BadSettings, Settings

SAFE = {
    "DSA_ENV": "production",
    "DSA_BASE_URL": "https://agreements.example.gov.uk",
    "DSA_SECRET_KEYS": "a" * 32 + "," + "b" * 40,
    "DSA_KEY_PASSPHRASE": "kept elsewhere",
}


def refused(**environ: str) -> list[str]:
    with pytest.raises(BadSettings) as caught:
        Settings.from_environment(environ)
    return caught.value.problems


def test_without_any_setting_it_runs_on_this_machine() -> None:
    settings = Settings.from_environment({})
    assert settings.database.startswith("sqlite:///")
    assert settings.database.endswith("var/dsa.sqlite3")
    assert not settings.https
    assert not settings.demo


def test_every_bad_setting_is_named_at_once() -> None:
    problems = refused(
        DSA_ENV="prod",
        DSA_DEMO="maybe",
        DSA_PROXIES="-1",
        DSA_DATABASE_URL="mysql://x",
        DSA_BASE_URL="agreements",
        DSA_SMTP_URL="ftp://x",
        DSA_TEMPLATES_DIR="/no/such/place",
        DSA_SECRET_KEYS="short",
        DSA_MISSPELT="1",
    )
    for name in (
        "ENV",
        "DEMO",
        "PROXIES",
        "DATABASE_URL",
        "BASE_URL",
        "SMTP_URL",
        "TEMPLATES_DIR",
        "SECRET_KEYS",
        "MISSPELT",
    ):
        assert any(problem.startswith(f"DSA_{name}:") for problem in problems), name


@pytest.mark.parametrize("url", ["https://", "http://host/path", "http://host:99999", "http://[", "javascript:x"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    assert refused(DSA_BASE_URL=url)


def test_production_runs_with_safe_settings_and_older_keys() -> None:
    settings = Settings.from_environment(SAFE)
    assert settings.https
    assert settings.signing_secrets() == ("a" * 32, "b" * 40)


@pytest.mark.parametrize(
    "change",
    [
        {"DSA_DEMO": "1"},
        {"DSA_BASE_URL": "http://agreements.example.gov.uk"},
        {"DSA_SECRET_KEYS": ""},
        {"DSA_KEY_PASSPHRASE": ""},
    ],
)
def test_production_refuses_what_is_unsafe(change: dict[str, str]) -> None:
    assert [problem for problem in refused(**{**SAFE, **change}) if problem.startswith(next(iter(change)))]


def test_a_made_secret_is_kept_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    first = settings.signing_secrets()
    assert settings.signing_secrets() == first
    assert len(first[0]) == 64
    (kept,) = tmp_path.iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_the_command_line_names_every_bad_setting_and_stops_with_status_2(tmp_path: Path) -> None:
    asked = [
        sys.executable,
        "-m",
        "dsa",
        "people",
        "add",
        "--email=a@b",
        "--name=x",
        "--organisation=X",
        "--post=y",
        "--role=legal",
    ]
    done = subprocess.run(
        asked, env={"DSA_ENV": "x", "DSA_DEMO": "y"}, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["DSA_ENV", "DSA_DEMO"]
