"""The pages of what stands beside the text: conditions of approvals, and the people who do each duty.

One rule: posts are for every reader; names and details of people are for the parties of the agreement alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.errors import Refusal
from dsa.persistence import contacts, work
from dsa.persistence.heads import Loaded
from dsa.persistence.models import Contact
from dsa.services import content, permitting
from dsa.services.agreement_header import Header, header_of
from dsa.services.context import Context
from dsa.services.moving import flow_of, open_for
from dsa.services.obligations import post_for
from dsa.timekeeping.calendar import WorkingCalendar

PEOPLE = "people"  # the question that names the posts of each party


@dataclass(frozen=True, slots=True)
class ConditionListed:
    """A condition of an approval that stands. ``review`` and ``post`` say who set it; ``due_on`` by when, if ever."""

    id: int
    text: str
    party: str
    review: str
    post: str
    due_on: date | None
    met_at: datetime | None
    evidence: str


@dataclass(frozen=True, slots=True)
class ConditionsPage:
    """Every condition, those to be met first. ``refusal`` says why the reader may not record one as met."""

    header: Header
    conditions: tuple[ConditionListed, ...]
    refusal: Refusal | None
    calendar: WorkingCalendar

    @property
    def waiting(self) -> int:
        """How many are not met yet."""
        return sum(condition.met_at is None for condition in self.conditions)


def conditions_page(ctx: Context, actor: Actor, reference: str) -> ConditionsPage:
    """The conditions of the approvals that stand. Raises NotFound for strangers."""
    with ctx.database.reading() as session:
        ctx.calendars.refresh(session)
        loaded = open_for(ctx, session, actor, reference)
        return ConditionsPage(
            header_of(ctx, session, loaded),
            tuple(sorted(_conditions(ctx, session, loaded), key=_first_what_is_due)),
            permitting.why_not(ctx, session, actor, "meet_condition", loaded),
            ctx.calendars.of(session, loaded.lead.organisation_id, loaded.lead.nation),
        )


def _first_what_is_due(condition: ConditionListed) -> tuple[bool, date, int]:
    return condition.met_at is not None, condition.due_on or date.max, condition.id


def _conditions(ctx: Context, session: Session, loaded: Loaded) -> list[ConditionListed]:
    workflow = flow_of(ctx, session, loaded).workflow
    names = {party.key: party.name for party in loaded.parties}
    live = {approval.id: approval for approval in work.live_approvals(session, loaded.head.id)}
    found = []
    for row in work.conditions(session, loaded.head.id):
        approval = live[row.approval_id]
        found.append(
            ConditionListed(
                row.id,
                row.text,
                names.get(row.party_key or "", ""),
                workflow.rule(approval.rule).title,
                approval.post,
                _date(row.due_on),
                row.met_at,
                row.evidence or "",
            )
        )
    return found


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Person:
    """Who does a duty, from when (UTC) until when; name and details are empty for a reader of no party."""

    post: str
    name: str
    details: str
    from_at: datetime
    until_at: datetime | None


@dataclass(frozen=True, slots=True)
class Duty:
    """A duty of a party: the post that the text names (empty where it names none), who does it now, who did before."""

    name: str
    in_text: str
    now: Person | None
    before: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class PartyContacts:
    """The duties of one party; ``mine`` where the reader may replace its contacts."""

    key: str
    name: str
    mine: bool
    duties: tuple[Duty, ...]


@dataclass(frozen=True, slots=True)
class ContactsPage:
    """The people beside the text. ``offered`` are the duties that the form names; ``version`` is that of the text.

    ``shows_people`` is False for a reader of no party. ``refusal`` says why the reader may replace nobody.
    """

    header: Header
    parties: tuple[PartyContacts, ...]
    offered: tuple[str, ...]
    version: int
    locked: bool
    shows_people: bool
    refusal: Refusal | None

    @property
    def own(self) -> tuple[tuple[str, str], ...]:
        """(key, name) of the parties for which the reader may replace a contact."""
        return tuple((party.key, party.name) for party in self.parties if party.mine)


def contacts_page(ctx: Context, actor: Actor, reference: str) -> ContactsPage:
    """Who does what for each party. Raises NotFound for strangers."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        question = content.form_of(ctx, session, loaded).question(PEOPLE)
        labels = {option.value: option.label for option in question.options} if question is not None else {}
        text = content.newest(session, loaded)
        answers = content.flat(text.content["answers"]).get(PEOPLE) if text is not None else None
        named: Mapping[str, object] = answers if isinstance(answers, Mapping) else {}
        within = {post.organisation for post in actor.posts if not post.sees_all}
        shows = any(party.code in within for party in loaded.parties)
        refusal = permitting.why_not(ctx, session, actor, "replace_contact", loaded)
        rows = contacts.every(session, loaded.head.id)
        parties = tuple(
            PartyContacts(
                party.key,
                party.name,
                post_for(ctx, session, loaded, actor, party.key) is not None,
                _duties(
                    [row for row in rows if row.party_key == party.key], _posts(named.get(party.key), labels), shows
                ),
            )
            for party in loaded.parties
        )
        return ContactsPage(
            header_of(ctx, session, loaded),
            parties,
            tuple(labels.values()),
            text.number if text is not None else 0,
            loaded.head.locked_version_id is not None,
            shows,
            refusal,
        )


def _posts(answer: object, labels: Mapping[str, str]) -> dict[str, str]:
    """Duty as people call it -> the post that the text names, in the order of the form."""
    given = answer if isinstance(answer, Mapping) else {}
    return {label: str(given[key]) for key, label in labels.items() if given.get(key)}


def _duties(rows: list[Contact], posts: Mapping[str, str], shows: bool) -> tuple[Duty, ...]:
    """The duties of a party: those of the text in its order, then others by name. ``rows`` are newest first."""
    others = sorted({row.duty for row in rows} - set(posts))
    found = []
    for duty in (*posts, *others):
        people = [(row, _person(row, shows)) for row in rows if row.duty == duty]
        now = next((person for row, person in people if row.until_at is None), None)
        before = tuple(person for row, person in people if row.until_at is not None)
        found.append(Duty(duty, posts.get(duty, ""), now, before))
    return tuple(found)


def _person(row: Contact, shows: bool) -> Person:
    name, details = (row.name, row.details) if shows else ("", "")
    return Person(row.post, name, details, row.from_at, row.until_at)
