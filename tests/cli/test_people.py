"""``dsa people add``: an account from the command line signs in on the page."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from dsa.cli.people import command
from dsa.composition import open_context
from dsa.config import Settings
from dsa.domain.errors import BadInput
from dsa.persistence.migrating import upgrade
from dsa.services import directory
from dsa.web import create_app
from tests.web.page_client import PageClient

PASSWORD = "seven purple tractors wait"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation with one organisation, found through the environment."""
    monkeypatch.setenv("DSA_DATA_DIR", str(tmp_path))
    settings = Settings.from_environment()
    ctx = open_context(settings)
    upgrade(ctx.database)
    with ctx.database.writing() as session:
        new = directory.NewOrganisation("LCC", "Leeds City Council", "local_authority", "ENG")
        directory.add_organisation(session, new, at=ctx.clock.now())
    return settings


def add(password: str = PASSWORD, **changed: str) -> str:
    asked = {"email": "post@example.gov.uk", "name": "Data owner", "organisation": "LCC", "post": "Head of revenues",
             "role": "data_owner", **changed}  # fmt: skip
    options = [part for name, value in asked.items() for part in (f"--{name}", value)]
    done = CliRunner().invoke(command, ["add", *options, "--password-stdin"], input=f"{password}\n")
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


def test_an_account_made_on_the_command_line_signs_in_on_the_page(installed: Settings) -> None:
    assert "can sign in as Head of revenues" in add()
    pages = PageClient(create_app(installed))
    pages.get("/sign-in?next=/about/cookies")
    assert pages.press("Sign in", email="post@example.gov.uk", password=PASSWORD).h1 == "Cookies"


@pytest.mark.parametrize(
    ("password", "says"),
    [("short", "at least 12"), ("passwordpassword", "easy to guess"), ("aaaaaaaaaaaaaaaa", "easy to guess"),
     ("x1" * 101, "at most 200")],
)  # fmt: skip
def test_a_weak_password_is_refused_with_what_makes_a_good_one(installed: Settings, password: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        add(password)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"organisation": "NOPE"}, "There are: LCC"),
        ({"role": "king"}, "Roles: "),
        ({"vouched-by": "nobody@example.gov.uk"}, "vouch"),
        ({"email": "no address"}, "correct format"),
    ],
)
def test_what_is_not_known_is_named(installed: Settings, changed: dict[str, str], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        add(**changed)


def test_an_address_has_one_account(installed: Settings) -> None:
    add()
    with pytest.raises(BadInput, match="already"):
        add()
