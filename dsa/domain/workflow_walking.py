"""Walking a workflow's stages: what cannot be reached, where one cannot get out, where nobody signs.

One rule: walking looks at names alone; it never evaluates a guard.
"""

from collections.abc import Iterable

from dsa.domain.workflow import Workflow

Path = tuple[str | int, ...]


def edges(workflow: Workflow) -> Iterable[tuple[str, str, str]]:
    """Every way from stage to stage: (source, destination, what takes it there)."""
    for stage in workflow.stages:
        for onward in stage.then:
            yield stage.id, onward.to, " and ".join(onward.when) or "when recorded"
    for move in workflow.moves:
        for source in move.sources:
            yield source, move.to or source, move.title


def walk_problems(workflow: Workflow) -> Iterable[tuple[Path, str]]:
    """(place, sentence) for each stage that cannot be reached or left, and for a workflow that nobody signs."""
    ahead: dict[str, set[str]] = {stage.id: set() for stage in workflow.stages}
    behind: dict[str, set[str]] = {stage.id: set() for stage in workflow.stages}
    for source, dest, _ in edges(workflow):
        if source != dest:
            ahead[source].add(dest)
            behind[dest].add(source)
    reached = _closure({workflow.first.id}, ahead)
    ends = {stage.id for stage in workflow.stages if stage.final}
    ending = _closure(ends, behind)
    if not ends:
        yield ("stages",), "no stage is final: an agreement could never end."
    for number, stage in enumerate(workflow.stages):
        if stage.id not in reached:
            yield ("stages", number), f'the stage "{stage.id}" cannot be reached from "{workflow.first.id}".'
        elif not stage.final and not ahead[stage.id]:
            yield (
                ("stages", number),
                f'the stage "{stage.id}" is a dead end: nothing leads out of it and it is not final.',
            )
        elif ends and stage.id not in ending:
            yield ("stages", number), f'from the stage "{stage.id}" no final stage can be reached.'
    yield from _ways_out(workflow)
    if not any(rule.kind == "signature" for stage in workflow.stages for rule in stage.tasks):
        yield ("stages",), "nobody signs: no stage has a task of the kind signature."


def _ways_out(workflow: Workflow) -> Iterable[tuple[Path, str]]:
    """Stages that nobody could leave as written, and ways that are never taken."""
    if workflow.first.tasks or workflow.first.final:
        yield ("stages", 0), f'the first stage "{workflow.first.id}" cannot be final and cannot have tasks.'
    finals = {stage.id for stage in workflow.stages if stage.final}
    for number, move in enumerate(workflow.moves):
        for source in move.sources:
            if source in finals:
                yield ("moves", number, "from"), f'the move "{move.id}" leaves "{source}", which is final.'
    for number, stage in enumerate(workflow.stages):
        for at, onward in enumerate(stage.then):
            if any(set(earlier.when) <= set(onward.when) for earlier in stage.then[:at]):
                yield ("stages", number, "then", at), f'the way to "{onward.to}" is never taken: one before it is.'
        if stage.tasks and not any(set(onward.when) <= {"complete"} for onward in stage.then):
            yield (
                ("stages", number, "then"),
                f'the stage "{stage.id}" says nothing for when every task is done: end "then" with a way that asks '
                'for "complete" alone.',
            )


def _closure(start: set[str], steps: dict[str, set[str]]) -> set[str]:
    found, todo = set(start), list(start)
    while todo:
        for after in steps[todo.pop()]:
            if after not in found:
                found.add(after)
                todo.append(after)
    return found
