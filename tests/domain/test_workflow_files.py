"""What can be wrong with a workflow file, in words and with the line; the schema for editors; the drawings."""

import json
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from dsa.adapters.definitions import load_form, load_yaml
from dsa.cli import workflows
from dsa.cli.workflows import command
from dsa.domain.guards import GUARDS
from dsa.domain.machine import Flow
from dsa.domain.reasons import REASONS
from dsa.domain.workflow import OUTCOMES, PER, ROLES, Workflow
from dsa.domain.workflow_drawing import as_mermaid, as_svg
from dsa.domain.workflow_reading import ROUTES, SIDES, read_workflow

WORKFLOWS = Path(__file__).resolve().parents[2] / "workflows"
SHIPPED = ("fast-track", "standard")
SMALL = """\
id: small
version: 1
title: Small route
form: agreement
serves: [standard]
stages:
  - {id: start, title: Start, role: drafter, reason: starting, target: 2}
  - id: review
    title: Review
    role: drafter
    reason: reviewing
    target: 5
    tasks:
      - {id: legal, title: Review it, kind: decision, role: legal, per: signing_parties, target: 5, sections: [purpose]}
    then:
      - {to: start, when: [complete, changes_requested], rework: true}
      - {to: sign_off, when: [complete]}
  - id: sign_off
    title: Sign-off
    role: drafter
    reason: signing
    target: 3
    tasks:
      - {id: sign, title: Sign it, kind: signature, role: signatory, per: signatories, target: 3}
    then:
      - {to: closed, when: [complete]}
  - {id: closed, title: Closed, final: true}
moves:
  - {id: submit, title: Send, event: DraftSubmitted, from: [start], to: review, by: [drafter], when: [form_complete]}
  - {id: withdraw, title: Withdraw, event: AgreementWithdrawn, from: [start, review], to: closed, by: [drafter]}
"""


_SECTIONS = workflows._sections


@cache
def _known_forms() -> Any:
    return _SECTIONS()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the form takes half a second: once is enough for all tests of this file."""
    monkeypatch.setattr(workflows, "_sections", _known_forms)


def read(name: str) -> Workflow:
    data, lines = load_yaml(WORKFLOWS / f"{name}.yaml")
    form = load_form(WORKFLOWS / "forms" / "agreement.yaml")
    return read_workflow(data, lines, sections={section.key for section in form.sections})


def checked(tmp_path: Path, text: str) -> tuple[int, str]:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(command, ["check", str(path)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output.replace(str(path), "mine.yaml")


def test_the_shipped_files_have_no_problems() -> None:
    result = CliRunner().invoke(command, ["check"])
    assert result.exit_code == 0, result.output
    assert "Standard route, version 1" in result.output


def test_the_small_file_from_which_the_wrong_ones_are_made_is_right(tmp_path: Path) -> None:
    assert checked(tmp_path, SMALL)[0] == 0


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("id: small", "id: [", 0, "not well-formed YAML"),
        ("id: small", "id: small\ncolour: blue", 2, '"colour" is not a key that is known here'),
        ("    target: 5\n    tasks", "    target: soon\n    tasks", 12, '"target" should be working days'),
        ("version: 1", "version: one", 2, '"version" should be a whole number'),
        ("version: 1", "version: 99999999999", 2, "from 1 to 1000000"),
        ("title: Small route", "title: 5", 3, '"title" should be text, not a number'),
        ("serves: [standard]", "serves: [standrad]", 5, 'there is no route "standrad". Did you mean "standard"?'),
        ("form: agreement", "form: agreemint", 4, 'there is no form "agreemint"'),
        ("title: Closed, final: true}", "title: Closed, final: true}\n  - {id: start, title: Again, final: true}",
         28, 'the stage id "start" is used twice'),
        ("{id: sign, title: Sign it", "{id: legal, title: Sign it", 24, 'the task id "legal" is used twice'),
        ("{id: withdraw, title", "{id: submit, title", 30, 'the move id "submit" is used twice'),
        ("title: Closed, final: true}",
         "title: Closed, final: true}\n  - {id: limbo, title: Limbo, role: drafter, reason: board, target: 1}",
         28, 'the stage "limbo" cannot be reached from "start"'),
        ("from: [start, review], to: closed", "from: [start, review], to: limbo", 30, 'there is no stage "limbo"'),
        ("from: [start, review]", "from: [strat, review]", 30, 'there is no stage "strat". Did you mean "start"?'),
        ("role: legal, per", "role: leagl, per", 14, 'there is no role "leagl". Did you mean "legal"?'),
        ("when: [form_complete]", "when: [form_done]", 29, 'there is no condition "form_done"'),
        ("when: [form_complete]", "when: [os.getcwd]", 29, '"os.getcwd" has a dot in it'),
        ("{id: submit,", "{id: os.system,", 29, '"os.system" has a dot in it'),
        ("sections: [purpose]", "sections: [purpos]", 14, 'the form has no section "purpos". Did you mean "purpose"?'),
        ("from: [start, review], to: closed, by: [drafter]", "from: [start, review], to: closed, by: []",
         30, 'nobody may make the move "withdraw"'),
        ("from: [start, review], to: closed, by: [drafter]", "from: [start, review], to: closed, by: [auditor]",
         30, 'nobody may make the move "withdraw"'),
        ("to: closed, by: [drafter]", "to: closed, by: [drafter], side: own_task",
         30, 'nobody may make the move "withdraw"'),
        ("{id: withdraw, title", "{id: record, title", 30, 'a move cannot be called "record"'),
        ("reason: starting, target: 2}", "reason: starting}", 7, '"target" is missing'),
        ("per: signatories, target: 3}", "per: signatories}", 24, '"target" is missing'),
        ("target: 5, sections", "target: {fast: 3}, sections", 14, 'the target for the route "standard" is missing'),
        ("target: 5, sections", "target: {standard: 3, fast: 1}, sections", 14, "does not serve the route"),
        ("target: 5, sections", "target: true, sections", 14, '"target" should be working days'),
        ("reason: reviewing", "reason: loitering", 11, '"loitering" is not a reason'),
        ("kind: decision", "kind: decree", 14, 'there is no kind of task "decree"'),
        ("per: signing_parties", "per: everybody", 14, "there is no way to share out a task"),
        ("kind: signature", "kind: record", 6, "nobody signs"),
        ("      - {to: sign_off, when: [complete]}\n", "", 15, "says nothing for when every task is done"),
        ("      - {to: start, when: [complete, changes_requested], rework: true}\n"
         "      - {to: sign_off, when: [complete]}\n",
         "      - {to: sign_off, when: [complete]}\n"
         "      - {to: start, when: [complete, changes_requested], rework: true}\n", 17, "is never taken"),
        ("from: [start, review], to: closed", "from: [start, closed], to: closed", 30,
         'leaves "closed", which is final'),
        ("{id: closed, title: Closed, final: true}",
         "{id: closed, title: Closed, role: drafter, reason: in_use, target: 1}", 27, "is a dead end"),
        ("title: Closed, final: true}", "title: Closed, final: true, then: [{to: start}]}", 27, "cannot have tasks"),
        ("    then:\n      - {to: closed, when: [complete]}\n", "", 18, 'has tasks but no "then"'),
        ("target: 5, sections: [purpose]}", "target: 5, after: legal}", 14, "would wait for itself"),
        ("target: 5, sections: [purpose]}", "target: 5, after: advice}", 14, 'has no task "advice" to come after'),
        ("moves:\n", "moves: none\nmore:\n", 28, '"moves" should be a list'),
        ("event: DraftSubmitted", "event: draft submitted", 29, "should be a name in the past tense"),
        ("serves: [standard]", "serves: [standard]\nreminders: {before_days: [-1]}", 6, "from 0 to 365"),
        ("serves: [standard]", "serves: [standard]\nrework: {approvals_stand: sometimes}", 6, 'or "never"'),
        ("title: Small route", "title: !!python/object/apply:os.getcwd []", 3, "uses a tag (!)"),
        ("title: Small route", "title: &a Small", 3, "uses an anchor or alias"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line(tmp_path: Path, old: str, new: str, line: int, says: str) -> None:
    assert old in SMALL
    code, output = checked(tmp_path, SMALL.replace(old, new, 1))
    assert code == 1
    told = [each for each in output.splitlines() if says in each]
    assert told, output
    if line:
        assert told[0].startswith(f"mine.yaml:{line}:"), output


@pytest.mark.parametrize("text", ["", "just words", "- a\n- list", "[" * 500, "id: \x00", "\ufeffid: x", "a: 1\na: 2"])
def test_what_is_no_workflow_at_all_is_refused_in_words(tmp_path: Path, text: str) -> None:
    code, output = checked(tmp_path, text)
    assert code == 1
    assert output.startswith("mine.yaml:")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, ["check", str(tmp_path / "none.yaml")])
    assert result.exit_code == 1
    assert "none.yaml cannot be read" in result.output


def test_a_stage_from_which_no_end_can_be_reached_is_told(tmp_path: Path) -> None:
    text = SMALL.replace("{to: closed, when: [complete]}", "{to: start, when: [complete]}")
    code, output = checked(tmp_path, text.replace("review], to: closed", "review], to: sign_off"))
    assert code == 1
    assert 'from the stage "review" no final stage can be reached' in output
    assert 'the stage "closed" cannot be reached' in output


def test_two_files_cannot_serve_one_route(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(SMALL.replace("id: small", f"id: {name}"), encoding="utf-8")
    result = CliRunner().invoke(command, ["check", str(tmp_path / "one.yaml"), str(tmp_path / "two.yaml")])
    assert result.exit_code == 1
    assert 'the route "standard" is taken already' in result.output


@pytest.mark.parametrize("name", SHIPPED)
def test_every_guard_of_a_shipped_file_can_be_asked_of_the_machine(name: str) -> None:
    flow = Flow(read(name))
    assert set(flow.machine.states) == {stage.id for stage in flow.workflow.stages}
    assert not [event for event in flow.machine.events if event.startswith("to_")]


@pytest.mark.parametrize("name", SHIPPED)
def test_the_schema_for_editors_accepts_the_shipped_files(name: str) -> None:
    schema = json.loads((WORKFLOWS / "schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    data, _ = load_yaml(WORKFLOWS / f"{name}.yaml")
    assert list(Draft202012Validator(schema).iter_errors(data)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [("kind: decision", "kind: decree"), ("id: small", "id: small\ncolour: blue"), (", final: true", "")],
)
def test_the_schema_for_editors_refuses_what_the_check_refuses(old: str, new: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SMALL.replace(old, new, 1), encoding="utf-8")
    schema = json.loads((WORKFLOWS / "schema.json").read_text(encoding="utf-8"))
    assert list(Draft202012Validator(schema).iter_errors(load_yaml(path)[0]))


def test_the_lists_of_the_schema_are_those_of_the_code() -> None:
    schema: dict[str, Any] = json.loads((WORKFLOWS / "schema.json").read_text(encoding="utf-8"))
    parts = schema["$defs"]
    task, stage, move = (parts[name]["properties"] for name in ("task", "stage", "move"))
    assert parts["role"]["enum"] == list(ROLES)
    assert parts["guard"]["enum"] == list(GUARDS)
    assert task["kind"]["enum"] == list(OUTCOMES)
    assert task["per"]["enum"] == list(PER)
    assert stage["reason"]["enum"] == list(REASONS)
    assert move["side"]["enum"] == list(SIDES)
    assert schema["properties"]["serves"]["items"]["enum"] == list(ROUTES)
    assert list(parts["target"]["oneOf"][1]["properties"]) == list(ROUTES)


def test_the_guide_names_every_condition_kind_and_way_to_share_out() -> None:
    guide = (WORKFLOWS / "README.md").read_text(encoding="utf-8")
    words = [*GUARDS, *OUTCOMES, *PER, *ROUTES, *SIDES, *(outcome for kind in OUTCOMES.values() for outcome in kind)]
    assert [word for word in words if f"`{word}`" not in guide] == []


@pytest.mark.parametrize("name", SHIPPED)
def test_a_drawing_can_be_read_aloud_and_names_every_stage(name: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(command, ["draw", str(WORKFLOWS / f"{name}.yaml"), "--out", str(tmp_path / "new")])
    assert result.exit_code == 0, result.output
    text = (tmp_path / "new" / f"{name}.svg").read_text(encoding="utf-8")
    root = ET.fromstring(text)  # noqa: S314 - made by ourselves a moment ago
    space = "{http://www.w3.org/2000/svg}"
    assert root.get("role") == "img"
    named = root.get("aria-labelledby", "").split()
    assert [root.find(f"{space}{tag}").get("id") for tag in ("title", "desc")] == named
    workflow = read(name)
    shown = " ".join(element.text or "" for element in root.iter(f"{space}text"))
    assert all(stage.title in shown for stage in workflow.stages)
    description = root.findtext(f"{space}desc") or ""
    assert "Text agreed leads to Sign-off: Lock the text and send for signature." in description
    mermaid = (tmp_path / "new" / f"{name}.mmd").read_text(encoding="utf-8")
    assert mermaid.startswith("flowchart TD\n")
    assert 'review -.->|"all tasks done"| text_agreed' in mermaid


def test_a_drawing_is_the_same_each_time_and_escapes_what_a_title_holds(tmp_path: Path) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(SMALL.replace("title: Small route", "title: '<b>\"Small\" & co'"), encoding="utf-8")
    data, lines = load_yaml(path)
    workflow = read_workflow(data, lines)
    assert as_svg(workflow) == as_svg(workflow)
    assert ET.fromstring(as_svg(workflow)) is not None  # noqa: S314 - made by ourselves a moment ago
    assert "<b>" not in as_mermaid(workflow).replace("<br>", "")


def test_a_file_with_problems_is_not_drawn(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SMALL.replace("kind: decision", "kind: decree"), encoding="utf-8")
    result = CliRunner().invoke(command, ["draw", str(path), "--out", str(tmp_path)])
    assert result.exit_code == 1
    assert not (tmp_path / "mine.svg").exists()
