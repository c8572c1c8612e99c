"""Who may do what: one table of action x role x relation, deny by default.

One rule: the button, the list of permitted moves, the page's explanation and the service ask the same ``why_not``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dsa.domain.actor import Actor, Held
from dsa.domain.errors import Refusal
from dsa.domain.machine import TaskFact
from dsa.domain.workflow import ROLES, SEPARATE_ROLES, Move, Workflow

TAKING_PART = (
    "drafter",
    "information_governance",
    "legal",
    "data_protection",
    "security",
    "data_owner",
    "signatory",
    "accountable",
    "operational",
    "finance",
    "caldicott",
    "board_secretary",
    "head_of_sharing",
)
_DRAFTING = ("start", "first_look", "drafting")
_BEFORE_LOCK = (*_DRAFTING, "check_draft", "review", "board", "text_agreed")
_OF_THE_WORKFLOW = ("move:", "decide", "ask_question", "pass_on")
_BEFORE_SIGNED = (*_BEFORE_LOCK, "sign_off")
_BEFORE_FIRST_DATA = (*_BEFORE_SIGNED, "signed", "preparing")
TIMETABLE_ROLES = ("drafter", "information_governance", "accountable")


@dataclass(frozen=True, slots=True)
class Grant:
    """One row of the table. ``relation``: lead, party, task (the task's own organisation and role), reader, anyone.

    ``stages`` empty means every stage.
    """

    action: str
    roles: tuple[str, ...]
    relation: str
    stages: tuple[str, ...] = ()
    says: str = ""


GRANTS: tuple[Grant, ...] = (
    Grant("start", ("drafter",), "anyone", (), "start an agreement"),
    Grant("view", (*TAKING_PART, "auditor", "administrator"), "reader", (), "see this agreement"),
    Grant("edit", ("drafter",), "lead", _DRAFTING, "change the draft"),
    Grant(
        "edit_own_part", ("drafter", "information_governance"), "party", _DRAFTING, "add your organisation's answers"
    ),
    Grant("share_draft", ("drafter",), "lead", _DRAFTING, "share the draft with the other parties"),
    Grant("respond", ("drafter",), "lead", _DRAFTING, "respond to requests for changes"),
    Grant("answer_question", ("drafter",), "lead", (), "answer a reviewer's question"),
    Grant("hold", ("drafter", "information_governance", "accountable"), "party", _BEFORE_SIGNED, "put this on hold"),
    Grant("resume_hold", ("drafter", "information_governance", "accountable"), "party", _BEFORE_SIGNED, "end the hold"),
    Grant("propose_timetable", TIMETABLE_ROLES, "party", _BEFORE_FIRST_DATA, "propose dates of the timetable"),
    Grant("answer_timetable", TIMETABLE_ROLES, "party", _BEFORE_FIRST_DATA, "answer a proposed timetable"),
    Grant("comment", TAKING_PART, "party", (), "comment on this agreement"),
    Grant("chase", TAKING_PART, "party", (), "ask whoever has it to go on"),
    Grant("contest", ("drafter", "information_governance", "accountable"), "party", (), "contest who had it"),
    Grant(
        "explain_slip", ("drafter", "information_governance", "accountable"), "party", (), "say why a day was missed"
    ),
    Grant(
        "meet_condition", ("drafter", "operational", "information_governance"), "party", (), "record a condition as met"
    ),
    Grant("replace_contact", ("drafter", "information_governance"), "party", (), "replace a contact"),
    Grant("decide", TAKING_PART, "task", (), "decide this task"),
    Grant("ask_question", TAKING_PART, "task", (), "ask a question about this task"),
    Grant("pass_on", TAKING_PART, "task", (), "pass this task on"),
    Grant("take_approval_back", TAKING_PART, "task", ("review", "board", "text_agreed"), "take your approval back"),
    Grant(
        "enter_outside_signature",
        ("drafter", "information_governance", "accountable"),
        "party",
        ("sign_off",),
        "enter a signature made outside this service",
    ),
    Grant(
        "confirm_outside_signature",
        ("drafter", "information_governance", "accountable", "signatory"),
        "party",
        ("sign_off",),
        "confirm a signature made outside this service",
    ),
    Grant(
        "release_information",
        ("information_governance", "head_of_sharing"),
        "party",
        (),
        "make a pack for a request for information",
    ),
    Grant("report", ("drafter", "information_governance"), "party", (), "say how this stands"),
    Grant("join", ("drafter", "information_governance"), "lead", (), "let this join the workflow"),
    Grant("attach", TAKING_PART, "party", (), "attach a paper to this"),
    Grant("import", ("head_of_sharing", "information_governance"), "anyone", (), "import agreements from a sheet"),
    Grant("export", (*TAKING_PART, "auditor"), "reader", (), "download the document"),
)


@dataclass(frozen=True, slots=True)
class Subject:
    """What an action is about: the agreement as permissions need it, and the task where there is one.

    ``parties`` maps party key to organisation code. ``editors`` wrote the text; ``separate`` maps each person to the
    separate roles (legal, security, data protection, signatory) that they hold on this agreement already. ``tracked``:
    it lives on paper elsewhere and is only followed here.
    """

    stage: str
    stage_title: str
    lead: str
    parties: Mapping[str, str]
    editors: frozenset[int] = frozenset()
    separate: Mapping[int, frozenset[str]] = field(default_factory=dict)
    on_hold: bool = False
    tracked: bool = False
    task: TaskFact | None = None
    assignee_id: int | None = None
    assignee_name: str = ""
    exceptions: frozenset[tuple[str, str]] = frozenset()


def grants(workflow: Workflow | None = None) -> tuple[Grant, ...]:
    """The whole table: the fixed rows, and one row for each move of the workflow."""
    if workflow is None:
        return GRANTS
    return GRANTS + tuple(_move_grant(move) for move in workflow.moves if move.id != "reopen")


def _move_grant(move: Move) -> Grant:
    relation = {"lead": "lead", "any_party": "party", "own_task": "task"}[move.side]
    return Grant(f"move:{move.id}", move.by, relation, move.sources, move.title[:1].lower() + move.title[1:])


def why_not(actor: Actor, action: str, subject: Subject, *, table: Iterable[Grant] = GRANTS) -> Refusal | None:
    """Why ``actor`` may not take ``action`` on ``subject``, as a sentence that says what to do; None when they may."""
    rows = [grant for grant in table if grant.action == action]
    if not rows:
        return Refusal("This step does not exist in this workflow.", code="unknown")
    here = [grant for grant in rows if not grant.stages or subject.stage in grant.stages]
    if not here:
        return Refusal(
            "You cannot %(what)s in the stage “%(stage)s”.",
            {"what": rows[0].says, "stage": subject.stage_title},
            "stage",
        )
    if acting_post(actor, action, subject, table=here) is None:
        return _wrong_person(actor, here[0], subject)
    if subject.on_hold and action.startswith(("move:", "decide")) and action != "move:withdraw":
        return Refusal("The agreement is on hold. End the hold first.", code="on_hold")
    if subject.tracked and action.startswith(_OF_THE_WORKFLOW) and action != "move:withdraw":
        return Refusal(
            "This agreement is followed here with dates as reported. Say how it stands, or let it join the workflow "
            "first.",
            code="tracked",
        )
    if action == "decide" and subject.task is not None:
        return _separation(actor, subject, subject.task)
    return None


def acting_post(actor: Actor, action: str, subject: Subject, *, table: Iterable[Grant] = GRANTS) -> Held | None:
    """The post through which ``actor`` would take ``action``: it is what the event records."""
    for grant in table:
        if grant.action != action or (grant.stages and subject.stage not in grant.stages):
            continue
        held = _held(actor, grant, subject)
        if held is not None:
            return held
    return None


def who_may(action: str, *, table: Iterable[Grant] = GRANTS) -> str:
    """The roles that may take an action at some stage, in words."""
    return names_of(dict.fromkeys(role for grant in table if grant.action == action for role in grant.roles))


def _held(actor: Actor, grant: Grant, subject: Subject) -> Held | None:
    if grant.relation == "anyone":
        return actor.holding(grant.roles)
    if grant.relation == "lead":
        return actor.holding(grant.roles, [subject.lead])
    if grant.relation == "task":
        if subject.task is None or subject.task.role not in grant.roles:
            return None
        return actor.holding([subject.task.role], [subject.task.organisation])
    held = actor.holding(grant.roles, subject.parties.values())
    if held is None and grant.relation == "reader":
        return next((post for post in actor.posts if post.sees_all), None)
    return held


def _wrong_person(actor: Actor, grant: Grant, subject: Subject) -> Refusal:
    roles = (subject.task.role,) if grant.relation == "task" and subject.task else grant.roles
    where = subject.task.organisation if grant.relation == "task" and subject.task else subject.lead
    if grant.relation in ("party", "reader"):
        where = "a party"
    if actor.holding(["administrator"]) and not actor.holding(grant.roles):
        return Refusal(
            "An administrator cannot %(what)s. It is for: %(who)s (%(where)s).",
            {"what": grant.says, "who": names_of(roles), "where": where},
            "administrator",
        )
    return Refusal(
        "You cannot %(what)s. It is for: %(who)s (%(where)s). Ask them, or ask your administrator for the role.",
        {"what": grant.says, "who": names_of(roles), "where": where},
        "role",
    )


def _separation(actor: Actor, subject: Subject, task: TaskFact) -> Refusal | None:
    if task.kind in ("decision", "advice", "signature") and actor.person_id in subject.editors:
        return Refusal(
            "You wrote part of this draft, so you cannot approve or sign it. Pass the task on to a colleague.",
            code="author",
        )
    if task.role in SEPARATE_ROLES:
        others = subject.separate.get(actor.person_id, frozenset()) - {task.role}
        if others and (subject.task is not None and (task.organisation, task.role) not in subject.exceptions):
            return Refusal(
                "You act as %(other)s on this agreement, so you cannot also act as %(role)s. "
                "Pass the task on to a colleague.",
                {"other": names_of(sorted(others)), "role": names_of([task.role])},
                "two_roles",
            )
    if subject.assignee_id is not None and subject.assignee_id != actor.person_id:
        return Refusal(
            "%(who)s has taken this task. Ask them to pass it on to you.", {"who": subject.assignee_name}, "claimed"
        )
    return None


def names_of(roles: Iterable[str]) -> str:
    """Roles as people write them: "Legal adviser, Security adviser"."""
    return ", ".join(ROLES.get(role, role) for role in roles)
