"""Reading a workflow definition, and everything that can be wrong with one, in words and with the line.

One rule: whatever passes here can be built into a machine and walked to an end by somebody.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

from dsa.domain.definition import Book, DefinitionError, DefinitionProblem, Lines, Sheet, did_you_mean
from dsa.domain.guards import GUARDS
from dsa.domain.reasons import is_reason
from dsa.domain.workflow import OUTCOMES, PER, READS_ONLY, ROLES, Move, Onward, Stage, TaskRule, Workflow
from dsa.domain.workflow_walking import walk_problems

ROUTES = ("fast", "standard", "high", "emergency")
SIDES = ("lead", "any_party", "own_task")
_MOST_VERSIONS = 1_000_000
_TAKEN = {"record": "the program's own name for an outcome that is recorded"}
_ID = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")
_EVENT = re.compile(r"[A-Z][A-Za-z]{2,39}\Z")


def read_workflow(data: Any, lines: Lines | None = None, *, sections: Collection[str] | None = None) -> Workflow:
    """The workflow in ``data`` (plain dicts and lists). ``sections`` are the keys of its form, where known.

    Raises DefinitionError with every problem found, each with its line.
    """
    workflow, problems = inspect_workflow(data, lines, sections=sections)
    if problems or workflow is None:
        raise DefinitionError(problems)
    return workflow


def inspect_workflow(
    data: Any, lines: Lines | None = None, *, sections: Collection[str] | None = None
) -> tuple[Workflow | None, tuple[DefinitionProblem, ...]]:
    """The workflow as far as it can be read, and everything that is wrong with it."""
    book = Book(lines or {})
    workflow = _workflow(Sheet(data, (), book))
    _duplicates(workflow, book)
    _references(workflow, book, sections)
    if not book.problems:
        for path, message in walk_problems(workflow):
            book.say(path, message)
    return workflow, tuple(book.problems)


def _workflow(sheet: Sheet) -> Workflow:
    version = sheet.number("version")
    if not version or not 1 <= version <= _MOST_VERSIONS:
        sheet.say("version", f'"version" should be a whole number from 1 to {_MOST_VERSIONS}.')
    serves = sheet.texts("serves")
    for route in serves:
        _known(sheet, "serves", route, ROUTES, "route")
    if not serves:
        sheet.say(None, '"serves" is missing: name the routes that this workflow is for.')
    rework = sheet.sheet("rework")
    stand = True
    if rework:
        wanted = rework.text("approvals_stand", required=True)
        if wanted not in ("while_sections_unchanged", "never"):
            rework.say("approvals_stand", 'should be "while_sections_unchanged" or "never".')
        stand = wanted != "never"
        rework.finish()
    stages = tuple(_stage(item, serves) for item in sheet.sheets("stages"))
    if not stages:
        sheet.say(None, '"stages" is missing: a workflow needs at least a first and a last stage.')
    workflow = Workflow(
        id=_identifier(sheet, "id"),
        version=version or 1,
        title=sheet.text("title", required=True),
        form=sheet.text("form", required=True),
        serves=serves,
        stages=stages,
        moves=tuple(_move(item) for item in sheet.sheets("moves")),
        reminders=_points(sheet, "reminders", ("before_days", "after_days")),
        escalation=_points(sheet, "escalation", ("after_days", "to")),
        approvals_stand=stand,
    )
    sheet.finish()
    return workflow


def _stage(sheet: Sheet, serves: tuple[str, ...]) -> Stage:
    final = sheet.flag("final")
    reason = sheet.text("reason", required=not final)
    if reason and not is_reason(reason):
        sheet.say("reason", f'"{reason}" is not a reason that the ledger knows.')
    stage = Stage(
        id=_identifier(sheet, "id"),
        title=sheet.text("title", required=True),
        role=_role(sheet, "role", required=not final),
        reason=reason,
        targets=_targets(sheet, serves, required=not final),
        tasks=tuple(_rule(item, serves) for item in sheet.sheets("tasks")),
        then=tuple(_onward(item) for item in sheet.sheets("then")),
        final=final,
        explains=sheet.text("explains"),
    )
    if final and (stage.tasks or stage.then):
        sheet.say(None, f'the final stage "{stage.id}" cannot have tasks or go on.')
    if stage.tasks and not stage.then:
        sheet.say(None, f'the stage "{stage.id}" has tasks but no "then": nothing would follow when they are done.')
    sheet.finish()
    return stage


def _rule(sheet: Sheet, serves: tuple[str, ...]) -> TaskRule:
    kind = sheet.text("kind", required=True)
    if kind:
        _known(sheet, "kind", kind, OUTCOMES, "kind of task")
    per = sheet.text("per", required=True)
    if per:
        _known(sheet, "per", per, PER, "way to share out a task")
    required = sheet.raw("required")
    if required is not None and not isinstance(required, bool):
        sheet.say("required", '"required" should be true or false.')
    rule = TaskRule(
        id=_identifier(sheet, "id"),
        title=sheet.text("title", required=True),
        kind=kind,
        role=_role(sheet, "role", required=True),
        per=per,
        targets=_targets(sheet, serves, required=True),
        sections=sheet.texts("sections"),
        required=required is not False,
        after=sheet.text("after") or None,
        stays_open_in=sheet.texts("stays_open_in"),
        outside=sheet.flag("outside"),
        explains=sheet.text("explains"),
    )
    sheet.finish()
    return rule


def _onward(sheet: Sheet) -> Onward:
    onward = Onward(sheet.text("to", required=True), _guards(sheet), sheet.flag("rework"))
    sheet.finish()
    return onward


def _move(sheet: Sheet) -> Move:
    event = sheet.text("event", required=True)
    if event and not _EVENT.match(event):
        sheet.say("event", f'"{event}" should be a name in the past tense such as TextLocked.')
    by = sheet.texts("by")
    for role in by:
        _known(sheet, "by", role, ROLES, "role")
    side = sheet.text("side") or "lead"
    _known(sheet, "side", side, SIDES, "side")
    move = Move(
        id=_identifier(sheet, "id"),
        title=sheet.text("title", required=True),
        event=event,
        sources=sheet.texts("from"),
        to=sheet.text("to") or None,
        by=by,
        side=side,
        when=_guards(sheet),
        asks_reason=sheet.flag("asks_reason"),
        rework=sheet.flag("rework"),
        explains=sheet.text("explains"),
    )
    if not set(by) - READS_ONLY:
        sheet.say(None, f'nobody may make the move "{move.id}": name at least one role that takes part under "by".')
    if side == "own_task" and move.id != "reopen":
        sheet.say("side", f'nobody may make the move "{move.id}": only "reopen" can be for the side "own_task".')
    if move.id in _TAKEN:
        sheet.say("id", f'a move cannot be called "{move.id}": it is {_TAKEN[move.id]}.')
    if not move.sources:
        sheet.say(None, f'the move "{move.id}" has no "from".')
    sheet.finish()
    return move


def _guards(sheet: Sheet) -> tuple[str, ...]:
    names = sheet.texts("when")
    for name in names:
        if "." in name:
            sheet.say("when", f'"{name}" has a dot in it. A workflow file can name conditions, never code.')
        else:
            _known(sheet, "when", name, GUARDS, "condition")
    return names


def _targets(sheet: Sheet, serves: tuple[str, ...], *, required: bool) -> Mapping[str, int]:
    value = sheet.raw("target")
    if isinstance(value, int) and not isinstance(value, bool):
        value = dict.fromkeys(serves, value)
    if value is None:
        if required:
            sheet.say(None, '"target" is missing: give the working days this should take.')
        return {}
    if not isinstance(value, Mapping) or not all(_is_days(d, 1000) for d in value.values()):
        sheet.say("target", '"target" should be working days from 0 to 1000, or working days for each route.')
        return {}
    for route in serves:
        if route not in value:
            sheet.say("target", f'the target for the route "{route}" is missing.')
    for route in value:
        if route not in serves:
            sheet.say("target", f'this workflow does not serve the route "{route}".')
    return dict(value)


def _is_days(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def _points(sheet: Sheet, key: str, known: tuple[str, ...]) -> Mapping[str, object]:
    inner = sheet.sheet(key)
    if inner is None:
        return {}
    points: dict[str, object] = {}
    for name in known:
        if name == "to":
            points[name] = _role(inner, name, required=True)
            continue
        value = inner.raw(name)
        days = value if isinstance(value, list) else [value]
        if value is not None and not all(_is_days(d, 365) for d in days):
            inner.say(name, f'"{name}" should be working days from 0 to 365.')
            continue
        points[name] = days if value is not None else []
    inner.finish()
    return points


def _identifier(sheet: Sheet, key: str) -> str:
    value = sheet.text(key, required=True)
    if value and "." in value:
        sheet.say(key, f'"{value}" has a dot in it. A workflow file can name stages and moves, never code.')
    elif value and not _ID.match(value.replace("-", "_")):
        sheet.say(key, f'"{value}" should be lower-case letters, digits and underscores, and begin with a letter.')
    return value


def _role(sheet: Sheet, key: str, *, required: bool) -> str:
    value = sheet.text(key, required=required)
    if value:
        _known(sheet, key, value, ROLES, "role")
    return value


def _known(sheet: Sheet, key: str, word: str, known: Collection[str], what: str) -> None:
    if word not in known:
        sheet.say(key, f'there is no {what} "{word}".{did_you_mean(word, known)}')


def _duplicates(workflow: Workflow, book: Book) -> None:
    rules = [(r.id, ("stages", n, "tasks", m)) for n, s in enumerate(workflow.stages) for m, r in enumerate(s.tasks)]
    for what, items in (
        ("stage", [(stage.id, ("stages", number)) for number, stage in enumerate(workflow.stages)]),
        ("task", rules),
        ("move", [(move.id, ("moves", number)) for number, move in enumerate(workflow.moves)]),
    ):
        seen: set[str] = set()
        for name, path in items:
            if name and name in seen:
                book.say((*path, "id"), f'the {what} id "{name}" is used twice.')
            seen.add(name)


def _before(rule: TaskRule, stage: Stage) -> set[str]:
    """The ids of the tasks that come before this one, through every "after"."""
    by_id = {other.id: other for other in stage.tasks}
    found: set[str] = set()
    while rule.after and rule.after not in found and rule.after in by_id:
        found.add(rule.after)
        rule = by_id[rule.after]
    return found


def _references(workflow: Workflow, book: Book, sections: Collection[str] | None) -> None:
    stages = [stage.id for stage in workflow.stages]

    def stage_exists(path: tuple[str | int, ...], name: str | None) -> None:
        if name is not None and name not in stages:
            book.say(path, f'there is no stage "{name}".{did_you_mean(name, stages)}')

    for n, stage in enumerate(workflow.stages):
        for m, onward in enumerate(stage.then):
            stage_exists(("stages", n, "then", m, "to"), onward.to)
        for m, rule in enumerate(stage.tasks):
            where: tuple[str | int, ...] = ("stages", n, "tasks", m)
            for later in rule.stays_open_in:
                stage_exists((*where, "stays_open_in"), later)
            _rule_references(rule, stage, where, book, sections)
    for n, move in enumerate(workflow.moves):
        stage_exists(("moves", n, "to"), move.to)
        for source in move.sources:
            stage_exists(("moves", n, "from"), source)


def _rule_references(
    rule: TaskRule, stage: Stage, where: tuple[str | int, ...], book: Book, sections: Collection[str] | None
) -> None:
    if rule.after and rule.after not in {other.id for other in stage.tasks}:
        book.say((*where, "after"), f'the stage has no task "{rule.after}" to come after.')
    elif rule.after and rule.id in _before(rule, stage):
        book.say((*where, "after"), f'the task "{rule.id}" would wait for itself.')
    for section in rule.sections if sections is not None else ():
        if section not in (sections or ()):
            says = did_you_mean(section, sections or ())
            book.say((*where, "sections"), f'the form has no section "{section}".{says}')
