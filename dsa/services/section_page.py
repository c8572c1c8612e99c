"""One section of a draft: what its page shows, and what is saved from it. One rule: saving is drafting's to do.

Also the requests for changes and the reviewers' questions, to which a drafter answers beside the draft.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from dsa.domain.actor import Actor
from dsa.domain.answers import mistakes_in
from dsa.domain.errors import BadInput, NotFound, Refusal
from dsa.domain.form import Question, Section
from dsa.domain.parties import rows_of
from dsa.domain.starting import party_key
from dsa.domain.workflow import ROLES
from dsa.persistence import people, queries_drafts
from dsa.services import permitting
from dsa.services.agreement_header import Header, header_of
from dsa.services.context import Context
from dsa.services.draft_view import DraftView, open_draft
from dsa.services.moving import flow_of, open_for
from dsa.services.next_step import NextStep, next_steps


@dataclass(frozen=True, slots=True)
class SectionPage:
    """A section for its page. ``mistakes`` maps the path of an answer to its sentence; ``revision`` 0: never saved."""

    view: DraftView
    section: Section
    questions: tuple[Question, ...]
    revision: int
    saved_at: datetime | None
    saved_by: str
    mistakes: Mapping[str, str]
    requests: tuple[Row[Any], ...]
    directory: tuple[Row[Any], ...]
    before: Section | None
    after: Section | None

    @property
    def header(self) -> Header:
        """What stands above the page."""
        return self.view.header


@dataclass(frozen=True, slots=True)
class ChangesPage:
    """The requests for changes. ``titles`` maps section keys to titles, ``tasks`` rules to theirs."""

    view: DraftView
    requests: tuple[Row[Any], ...]
    titles: Mapping[str, str]
    tasks: Mapping[str, str]
    refusal: Refusal | None
    steps: tuple[NextStep, ...]

    @property
    def waiting(self) -> int:
        """How many requests have no response yet."""
        return sum(request.status == "open" for request in self.requests)


@dataclass(frozen=True, slots=True)
class QuestionPage:
    """A reviewer's question to the drafter."""

    header: Header
    question: Row[Any]
    task: str
    role: str
    refusal: Refusal | None
    steps: tuple[NextStep, ...]


def section_page(ctx: Context, actor: Actor, reference: str, key: str) -> SectionPage:
    """The section of that key. Raises NotFound where the form has none, or none of it is this reader's."""
    with ctx.database.reading() as session:
        view = open_draft(ctx, session, actor, reference)
        section = view.form.section(key)
        questions = view.asked(section) if section else ()
        if section is None or (view.own is not None and not questions):
            raise NotFound("This section of the form does not exist, or holds nothing for your organisation to add.")
        saved = view.saved.get(key)
        saved_by = people.person(session, saved.saved_by_id) if saved else None
        requests = queries_drafts.change_requests(session, view.loaded.head.id)
        before, after = _neighbours(view, section)
        mistakes: dict[str, str] = {}
        for mistake in mistakes_in(view.form, {**view.answers}, view.parties):
            mistakes.setdefault(mistake.field, mistake.message)
        return SectionPage(
            view=view,
            section=section,
            questions=questions,
            revision=saved.revision if saved else 0,
            saved_at=saved.saved_at if saved else None,
            saved_by=saved_by.name if saved_by else "",
            mistakes=mistakes,
            requests=tuple(r for r in requests if r.section == key and view.own is None),
            directory=tuple(queries_drafts.organisations(session)) if key == "parties" and view.own is None else (),
            before=before,
            after=after,
        )


def _neighbours(view: DraftView, section: Section) -> tuple[Section | None, Section | None]:
    shown = [one for one in view.form.sections if one.key == section.key or view.asked(one)]
    place = [one.key for one in shown].index(section.key)
    before = shown[place - 1] if place else None
    return before, shown[place + 1] if place + 1 < len(shown) else None


def with_organisation(ctx: Context, rows: object, code: str) -> list[dict[str, Any]]:
    """The rows of the parties table with an organisation of the directory added. Raises BadInput for an unknown one."""
    known = [dict(row) for row in rows_of(rows)]
    with ctx.database.reading() as session:
        found = next((one for one in queries_drafts.organisations(session) if one.code == code), None)
    if found is None:
        raise BadInput("Choose an organisation from the list.")
    if any(row.get("code") == found.code for row in known):
        raise BadInput("%(name)s is one of the parties already.", name=found.name)
    row = {"id": party_key(found.code), "name": found.name, "code": found.code, "nation": found.nation}
    return [*known, {**row, **({"body_type": found.body_type} if found.body_type else {})}]


def changes_page(ctx: Context, actor: Actor, reference: str) -> ChangesPage:
    """The requests for changes, for whoever may see the draft."""
    with ctx.database.reading() as session:
        view = open_draft(ctx, session, actor, reference)
        rules = (rule for stage in flow_of(ctx, session, view.loaded).workflow.stages for rule in stage.tasks)
        return ChangesPage(
            view,
            tuple(queries_drafts.change_requests(session, view.loaded.head.id)),
            {section.key: section.title for section in view.form.sections},
            {rule.id: rule.title for rule in rules},
            permitting.why_not(ctx, session, actor, "respond", view.loaded),
            next_steps(ctx, session, view.loaded),
        )


def question_page(ctx: Context, actor: Actor, reference: str, question_id: int) -> QuestionPage:
    """A reviewer's question. Raises NotFound where the agreement has no such question."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        questions = queries_drafts.questions(session, loaded.head.id)
        question = next((one for one in questions if one.id == question_id), None)
        if question is None:
            raise NotFound("There is no such question on this agreement.")
        rules = (rule for stage in flow_of(ctx, session, loaded).workflow.stages for rule in stage.tasks)
        titles = {rule.id: rule.title for rule in rules}
        return QuestionPage(
            header_of(ctx, session, loaded),
            question,
            titles.get(question.rule, ROLES.get(question.role, question.role)),
            ROLES.get(question.role, question.role),
            permitting.why_not(ctx, session, actor, "answer_question", loaded),
            next_steps(ctx, session, loaded),
        )
