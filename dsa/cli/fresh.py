"""`dsa start-fresh`: begin with one's own organisation. One rule: a password is never an argument.

It asks for what is not given by options; with every option and the password on standard input it asks nothing.
"""

import sys

import click

from dsa.adapters.passwords import Argon2Passwords
from dsa.cli.opening import cannot_run, settings_from_environment
from dsa.cli.people import Account, check_password
from dsa.config import BadSettings, Settings
from dsa.domain.catalogue import PUBLIC_AUTHORITY_TYPES
from dsa.domain.errors import BadInput
from dsa.domain.workflow import ROLES
from dsa.services.beginning import FirstPerson, FirstPost, begin
from dsa.services.directory import NewOrganisation

KINDS = sorted(PUBLIC_AUTHORITY_TYPES | {"charity", "company", "university", "utility"})
_FIRST_POSTS = (
    ("drafter", "Data sharing lead"), ("information_governance", "Information governance lead"),
    ("signatory", "Deputy director"),
)  # fmt: skip


@click.command()
@click.option("--organisation", prompt="Name of your organisation", help="Your organisation's name.")
@click.option("--code", prompt="A short code for it, such as DWP", help="A short code, capital letters and digits.")
@click.option("--kind", prompt="Kind of body", default="ministerial_department", type=click.Choice(KINDS), show_choices=False, help=f"Kind of body: {', '.join(KINDS)}.")  # noqa: E501 # fmt: skip
@click.option("--nation", prompt="Nation (for the bank holidays)", default="ENG", type=click.Choice(["ENG", "WLS", "SCT", "NIR"]), help="ENG, WLS, SCT or NIR.")  # noqa: E501 # fmt: skip
@click.option("--name", prompt="Your name (you are the first administrator)", help="The first administrator's name.")
@click.option("--email", prompt="Your email address", help="The address to sign in with.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--post", "posts", multiple=True, metavar="ROLE=TITLE[=EMAIL=NAME]", help="A post; three of them. Without an address it is yours; another person gets a password to begin with, printed once.")  # noqa: E501 # fmt: skip
def command(
    organisation: str, code: str, kind: str, nation: str, name: str, email: str, password_stdin: bool,
    posts: tuple[str, ...],
) -> None:  # fmt: skip
    """Begin with your own organisation, first administrator and posts. No demonstration data."""
    settings = settings_from_environment()
    if settings.demo:
        cannot_run(BadSettings(["DSA_DEMO is on. Unset it to begin with your own organisation."]))
    code = code.strip().upper()
    if not code.isalnum() or not code.isascii() or len(code) > 20:
        raise BadInput("The code should be up to 20 letters and digits, such as DWP.")
    seats, others, told = _posts(posts or _asked(), email)
    hasher = Argon2Passwords()
    password = (
        sys.stdin.readline().rstrip("\r\n")
        if password_stdin
        else click.prompt("Password", hide_input=True, confirmation_prompt=True)
    )
    check_password(password, Account(email, name, code, "Administrator", "administrator", None, None))
    first = FirstPerson(name, email, hasher.hash(password))
    people = [FirstPerson(who, address, hasher.hash(secret)) for address, who, secret in others]
    _begin(settings, NewOrganisation(code, organisation, kind, nation), first, seats, people)
    for line in [*told, *_next(settings, email)]:
        click.echo(line)


def _asked() -> tuple[str, ...]:
    click.echo("Three posts. Leave the address empty to hold a post yourself.")
    found = []
    for role, usual in _FIRST_POSTS:
        title = click.prompt(f"Title of the post: {ROLES[role]}", default=usual)
        address = click.prompt("  Email address of who holds it", default="", show_default=False)
        who = click.prompt("  Their name") if address else ""
        found.append("=".join([role, title, *([address, who] if address else [])]))
    return tuple(found)


def _posts(given: tuple[str, ...], own: str) -> tuple[list[FirstPost], list[tuple[str, str, str]], list[str]]:
    """Posts, other people (address, name, password to begin with), and what to tell about them."""
    seats: list[FirstPost] = []
    others: list[tuple[str, str, str]] = []
    told: list[str] = []
    for text in given:
        role, title, email, who, *more = [*text.split("="), "", "", ""][: 4 + text.count("=")]
        if role not in ROLES or role == "administrator" or not title.strip() or any(more) or bool(email) != bool(who):
            raise BadInput(
                "“%(text)s” is not a post. Write ROLE=TITLE, or ROLE=TITLE=EMAIL=NAME, with a role of: %(roles)s.",
                text=text[:80], roles=", ".join(role for role in ROLES if role != "administrator"),
            )  # fmt: skip
        seats.append(FirstPost(role, title.strip(), email or own))
        if email and email.lower() != own.lower() and email.lower() not in [one[0].lower() for one in others]:
            from dsa.adapters.chance import SystemChance

            secret = SystemChance().token()[:20]
            others.append((email, who, secret))
            told.append(f"{who} signs in as {email} with the password {secret} (shown this once).")
    return seats, others, told


def _begin(
    settings: Settings, own: NewOrganisation, first: FirstPerson, seats: list[FirstPost], others: list[FirstPerson]
) -> None:
    from dsa.composition import open_context, publish_definitions
    from dsa.persistence import migrating

    ctx = open_context(settings)
    migrating.upgrade(ctx.database)
    publish_definitions(ctx)
    begin(ctx, own, first, seats, others)
    ctx.database.close()


def _next(settings: Settings, email: str) -> list[str]:
    return [
        "Ready. What comes next:",
        "  1. Start the service:  dsa serve",
        f"  2. Open {settings.base_url}/sign-in and sign in as {email}",
        "  3. Choose “Start an agreement”: seven questions, then the draft",
        "  More people:  dsa people add --help",
    ]
