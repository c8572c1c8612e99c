"""``dsa people``: accounts for where no sign-in provider is configured. One rule: a password is never an argument.

It is typed twice at a prompt, or comes on standard input; what is stored is its argon2id hash.
"""

import sys
from dataclasses import dataclass
from datetime import date
from typing import TextIO
from zoneinfo import ZoneInfo

import click

from dsa.adapters.passwords import Argon2Passwords
from dsa.composition import open_context
from dsa.config import Settings
from dsa.domain.errors import BadInput
from dsa.domain.workflow import ROLES
from dsa.persistence import people
from dsa.persistence.migrating import upgrade
from dsa.services import directory
from dsa.services.context import Context

SHORTEST, LONGEST = 12, 200
_COMMON = ("password", "letmein", "qwerty", "welcome", "123456", "111111", "abcdef", "iloveyou", "changeme")


@dataclass(frozen=True)
class Account:
    """What ``dsa people add`` was asked for."""

    email: str
    name: str
    organisation: str
    post: str
    role: str
    until: date | None
    vouched_by: str | None


@click.group("people")
def command() -> None:
    """Accounts, for where no sign-in provider is configured."""


@command.command("add")
@click.option("--email", required=True, help="The address to sign in with.")
@click.option("--name", required=True, help="The person's name.")
@click.option("--organisation", required=True, metavar="CODE", help="The code of an organisation in the directory.")
@click.option("--post", required=True, help='The post they hold, such as "Legal adviser".')
@click.option("--role", required=True, help="What the post may do: legal, drafter, signatory, administrator ...")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day of the appointment (YYYY-MM-DD).")
@click.option("--vouched-by", metavar="EMAIL", help="Whose word it is that this is them.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def add(password_stdin: bool, until: object, **asked: str) -> None:
    """Add an account and appoint it to a post. Asks for the password."""
    ctx = open_context(Settings.from_environment())
    upgrade(ctx.database)
    account = Account(until=getattr(until, "date", lambda: None)(), **asked)
    if account.role not in ROLES:
        raise BadInput("There is no role “%(role)s”. Roles: %(roles)s.", role=account.role, roles=", ".join(ROLES))
    password = (
        _from(sys.stdin) if password_stdin else click.prompt("Password", hide_input=True, confirmation_prompt=True)
    )
    check_password(password, account)
    add_account(ctx, account, Argon2Passwords().hash(password))
    click.echo(f"{account.email} can sign in as {account.post}, {account.organisation}.")


def check_password(password: str, account: Account) -> None:
    """Refuse a password that is short, common or made of the account's own words. Raises ``BadInput``."""
    if len(password) < SHORTEST:
        raise BadInput(
            "The password needs at least %(least)s characters. Several unlikely words together make a good one.",
            least=SHORTEST,
        )
    if len(password) > LONGEST:
        raise BadInput("The password may have at most %(most)s characters.", most=LONGEST)
    plain = password.casefold()
    own = [*account.email.casefold().split("@"), *account.name.casefold().split()]
    left = plain
    for word in (*_COMMON, *(each for each in own if len(each) > 3)):
        left = left.replace(word, "")
    if len(left) < SHORTEST // 2 or len(set(plain)) < 5:
        raise BadInput("The password is too easy to guess. Use several unlikely words together.")


def add_account(ctx: Context, account: Account, password_hash: str) -> int:
    """Add the person and the appointment in one transaction; returns the person's id.

    The post is made where the organisation has none of that title and role. Raises ``BadInput`` for an organisation
    or a voucher that is not in the directory.
    """
    now = ctx.clock.now()
    today = now.astimezone(ZoneInfo("Europe/London")).date()
    with ctx.database.writing() as session:
        bodies = {body.code: body.id for body in people.organisations(session)}
        if account.organisation not in bodies:
            raise BadInput(
                "There is no organisation %(code)s. There are: %(codes)s. Begin with: dsa start-fresh",
                code=account.organisation,
                codes=", ".join(sorted(bodies)) or "none",
            )
        voucher = people.by_email(session, account.vouched_by) if account.vouched_by else None
        if account.vouched_by and voucher is None:
            raise BadInput("There is no account for %(email)s, who is to vouch for them.", email=account.vouched_by)
        body = bodies[account.organisation]
        same = [row.id for row in people.posts(session, body) if (row.title, row.role) == (account.post, account.role)]
        post_id = same[0] if same else directory.add_post(session, body, title=account.post, role=account.role)
        new = directory.NewPerson(
            account.name, account.email, password_hash, vouched_by_id=voucher.id if voucher else None
        )
        person_id = directory.add_person(session, new, at=now)
        directory.appoint(session, post_id=post_id, person_id=person_id, starts_on=today, ends_on=account.until)
    return person_id


def _from(stream: TextIO) -> str:
    return stream.readline().rstrip("\r\n")
