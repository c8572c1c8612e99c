"""One task decided: the page, its refusals, who sees what, and who was first."""

import json
import re
import threading
from datetime import date
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from flask import Flask
from sqlalchemy import text

from dsa.persistence import drafts, queries_tasks, work
from dsa.services import directory, drafting, reviewing
from dsa.services.reviewing import Change, Condition
from dsa.web.composition import Services
from tests.form import samples
from tests.web import chromium
from tests.web.page_client import Page, PageClient
from tests.web.world import World, complete_answers

one_database = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
MOST_WORDS = 250
SECRET, ADVICE = "We doubt the safeguard of the other side", "Counsel says the power may be tested in court"


def words_before_the_decision(page: Page) -> int:
    """How many words stand between the heading and the decision form, hidden ones among them."""
    html = page.html
    start = html.index("</h1>") + len("</h1>")
    text = re.sub(r"<[^>]+>", " ", html[start : html.index("<form", start)])
    return len(text.split())


def task_of(world: World, pages: PageClient, reference: str, key: str, *, who: tuple[str, str]) -> Page:
    """The task's page as a person of that role sees it."""
    pages.sign_in(world.person(*who))
    return pages.get(f"/agreements/{reference}/tasks/{key}")


def colleague_of(world: World, code: str, role: str) -> int:
    """A second person who holds a role in an organisation."""
    with world.ctx.database.writing() as session:
        post = directory.add_post(session, world.organisations[code], title="Second adviser", role=role)
        new = directory.NewPerson(f"Second adviser, {code}", f"second@{code.lower()}.example", is_demo=True)
        person = directory.add_person(session, new, at=world.ctx.clock.now())
        directory.appoint(session, post_id=post, person_id=person, starts_on=date(2020, 1, 1))
    return person


def redraft(world: World, reference: str, section: str, answers: dict[str, object]) -> None:
    """Answer every request, change a section, and bring the agreement back to review."""
    drafter, identifier = world.actor("HMRC", "drafter"), world.loaded(reference).head.id
    with world.ctx.database.reading() as session:
        saved, requests = drafts.sections_of(session, identifier), work.change_requests(session, identifier)
    revision = saved[section].revision
    drafting.save_section(world.ctx, drafter, reference, section, answers, seen_revision=revision)
    for request in requests:
        drafting.respond(world.ctx, drafter, reference, request.id, "Done")
    world.onward(reference)
    world.onward(reference)


def long(count: int) -> str:
    """A text of that many words."""
    return " ".join(f"word{number}" for number in range(count))


@one_database
def test_the_page_says_everything_in_250_words(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("review")
    page = task_of(world, pages, reference, "legal:slc", who=("SLC", "legal"))
    for part in ("Data", "Power", "Route", "Checked", "Changed", "Conditions", "If this waits"):
        assert part in page.text
    assert "Silence never approves" in page.text
    assert "2 fields about 40,000 people, once, deleted after 6 months" in page.text
    assert "Digital Economy Act 2017, section 56" in page.text
    assert "Due 16 November 2026, in 10 working days" in page.text
    assert "is told 23 November 2026" in page.text
    assert words_before_the_decision(page) <= MOST_WORDS


@one_database
def test_the_page_stays_within_250_words_where_everybody_wrote_at_length(world: World, pages: PageClient) -> None:
    powers = world.copy(complete_answers()["powers"])
    for row in powers:
        row["section"] = f"56 {long(30)} {row['party']}"
    reference = world.agreement_in(
        "drafting", title=long(12), aims=long(300), consequence_if_not=long(200), powers=powers
    )
    world.onward(reference)
    world.onward(reference)
    many = tuple(Condition(long(60), "2027-01-04") for _ in range(3))
    world.do_task(reference, "legal:hmrc", "approved_with_conditions", summary=long(200), conditions=many)
    world.do_task(reference, "security:hmrc", "changes", changes=(Change("data", long(300)),), note=long(200))
    world.do_task(reference, "security:slc", "approved", summary=long(200), note=long(200))
    world.do_task(reference, "data_protection_advice:hmrc", "against", summary=long(200), note=long(200))
    for code in ("HMRC", "SLC"):
        role = "information_governance" if code == "HMRC" else "legal"
        key = "data_protection:hmrc" if code == "HMRC" else "legal:slc"
        page = task_of(world, pages, reference, key, who=(code, role))
        assert words_before_the_decision(page) <= MOST_WORDS, words_before_the_decision(page)


@one_database
def test_an_approval_is_three_steps_from_the_link_to_the_receipt(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("review")
    pages.sign_in(world.person("SLC", "legal"))
    steps = 1
    pages.get(f"/agreements/{reference}/tasks/legal:slc")
    steps += 1  # choose
    steps += 1  # press
    page = pages.press("Record my decision", outcome="approved")
    assert steps <= 3
    assert page.h1 == "Recorded"
    assert "Legal adviser, Student Loans Company: approved" in page.text
    assert "What happens next" in page.text
    assert "Take this back" in page.links()
    task = world.loaded(reference).task("legal:slc")
    assert task is not None
    assert task.outcome == "approved"


@one_database
def test_conditions_are_kept_with_their_dates(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("review")
    task_of(world, pages, reference, "security:slc", who=("SLC", "security"))
    typed: dict[str, object] = {
        "outcome": "approved_with_conditions",
        "condition-1": "A penetration test passes",
        "condition-1-by-day": "4",
        "condition-1-by-month": "1",
        "condition-1-by-year": "2027",
    }
    pages.press("Record my decision", typed)
    with world.ctx.database.reading() as session:
        [row] = work.conditions(session, world.loaded(reference).head.id)
    assert (row.text, row.due_on) == ("A penetration test passes", "2027-01-04")
    page = task_of(world, pages, reference, "supply:hmrc", who=("HMRC", "data_owner"))
    assert "A penetration test passes (SLC)" in page.text


@one_database
def test_sending_back_names_sections_each_with_a_text_and_a_reason(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("review")
    task_of(world, pages, reference, "security:slc", who=("SLC", "security"))
    page = pages.press("Record my decision", status=422, outcome="changes")
    assert page.errors == ["Choose the sections that should change"]
    page = pages.press("Record my decision", status=422, outcome="changes", sections=["data", "security"])
    assert page.errors == [
        "Say what should change in “Data”",
        "Say what should change in “Transfer, security and technology”",
    ]
    typed: dict[str, object] = {"outcome": "changes", "sections": ["data"]}
    typed |= {"change-data": "Name it", "code-data": "DPIA"}
    assert pages.press("Record my decision", typed).h1 == "Recorded"
    with world.ctx.database.reading() as session:
        [asked] = work.change_requests(session, world.loaded(reference).head.id)
    assert (asked.section, asked.text, asked.reason_code, asked.blocker) == ("data", "Name it", "DPIA", False)
    assert world.stage(reference) == "review"


@one_database
def test_a_blocker_goes_back_at_once(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("review")
    task_of(world, pages, reference, "security:slc", who=("SLC", "security"))
    typed: dict[str, object] = {"outcome": "changes", "blocker": "yes", "sections": ["data"], "change-data": "No way"}
    pages.press("Record my decision", typed)
    assert world.stage(reference) == "drafting"


@one_database
def test_a_question_goes_to_the_drafter_and_sends_nothing_back(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("review")
    task_of(world, pages, reference, "legal:slc", who=("SLC", "legal"))
    assert pages.press("Record my decision", status=422, outcome="ask").errors == ["Write your question"]
    page = pages.press("Record my decision", outcome="ask", question="Which paragraph?")
    assert page.h1 == "Your question is with the drafter"
    assert world.stage(reference) == "review"
    page = pages.get(f"/agreements/{reference}/tasks/legal:slc")
    assert "Which paragraph?" in page.text
    page = task_of(world, pages, reference, "legal:slc", who=("SLC", "security"))
    assert "Which paragraph?" in page.text
    reviewing.answer_question(world.ctx, world.actor("HMRC", "drafter"), reference, 1, "Paragraph 8")
    assert "Paragraph 8" in pages.get(f"/agreements/{reference}/tasks/legal:slc").text


@one_database
def test_a_task_passed_on_belongs_to_the_colleague(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("review")
    colleague = colleague_of(world, "SLC", "legal")
    task_of(world, pages, reference, "legal:slc", who=("SLC", "legal"))
    page = pages.press("Record my decision", outcome="pass_on", pass_to=colleague)
    assert page.h1 == "Passed on"
    page = pages.get(f"/agreements/{reference}/tasks/legal:slc")
    assert "has taken this task. Ask them to pass it on to you." in page.text
    assert "Record my decision" not in page.buttons()
    pages.press("Pass it on", pass_to="team")
    page = pages.get(f"/agreements/{reference}/tasks/legal:slc")
    assert "Record my decision" in page.buttons()


@one_database
def test_a_task_can_be_claimed(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("review")
    pages.sign_in(world.person("SLC", "legal"))
    page = pages.post(f"/agreements/{reference}/tasks/legal:slc/claim")
    assert page.h1 == "You have taken this task"


@one_database
def test_an_approval_is_taken_back_with_a_reason(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("review")
    task_of(world, pages, reference, "legal:slc", who=("SLC", "legal"))
    pages.press("Record my decision", outcome="approved")
    pages.follow("Take this back")
    assert pages.press("Take it back", status=422).errors == ["Say why you take it back"]
    page = pages.press("Take it back", reason="I overlooked the schedule")
    assert page.h1 == "Your approval is taken back"
    assert "legal:slc" in world.open_tasks(reference)


@one_database
def test_an_approval_cannot_be_taken_back_once_the_text_is_locked(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("sign_off")
    page = task_of(world, pages, reference, "legal:slc", who=("SLC", "legal"))
    assert "Take this back" not in page.links()
    assert "cannot be taken back" in pages.get(f"/agreements/{reference}/tasks/legal:slc/take-back").text


@one_database
def test_a_drafter_reads_why_they_cannot_decide_on_their_own_text(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("review")
    with world.ctx.database.writing() as session:
        drafts.add_editor(
            session, agreement_id=world.loaded(reference).head.id, person_id=world.person("HMRC", "legal"),
            at=world.ctx.clock.now(),
        )  # fmt: skip
    page = task_of(world, pages, reference, "legal:hmrc", who=("HMRC", "legal"))
    assert "You wrote part of this draft, so you cannot approve or sign it." in page.text
    assert "Record my decision" not in page.buttons()
    refused = pages.post(
        f"/agreements/{reference}/tasks/legal:hmrc", {"outcome": "approved", "seen": world.seen(reference)}, status=403
    )
    assert "You wrote part of this draft" in refused.text


@one_database
def test_another_role_and_another_party_read_for_whom_the_task_is(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("review")
    for who in (("SLC", "security"), ("HMRC", "legal")):
        page = task_of(world, pages, reference, "legal:slc", who=who)
        assert "It is for: Legal adviser (SLC)" in page.text
        assert "Record my decision" not in page.buttons()


@one_database
def test_a_stranger_finds_no_such_task(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("review")
    pages.sign_in(world.person("DWP", "legal"))
    for end in ("", "/recorded", "/take-back", "/sign"):
        pages.get(f"/agreements/{reference}/tasks/legal:slc{end}", status=404)
    for end in ("", "/ask", "/pass-on", "/claim", "/decline", "/sign"):
        pages.post(f"/agreements/{reference}/tasks/legal:slc{end}", {"outcome": "approved", "reason": "x"}, status=404)
    pages.get(f"/agreements/{reference}/tasks/nonsense:slc", status=404)


@one_database
def test_private_notes_and_legal_advice_stay_on_their_side(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("review")
    task_of(world, pages, reference, "legal:slc", who=("SLC", "legal"))
    pages.press("Record my decision", outcome="approved", note=ADVICE, privileged="yes")
    task_of(world, pages, reference, "security:slc", who=("SLC", "security"))
    pages.press("Record my decision", outcome="approved", note=SECRET)
    own = task_of(world, pages, reference, "data_protection_advice:slc", who=("SLC", "data_protection"))
    assert SECRET in own.text
    assert ADVICE in own.text
    assert "Legal advice" in own.text
    for role, key in (("legal", "legal:hmrc"), ("data_owner", "supply:hmrc"), ("drafter", "legal:slc")):
        other = task_of(world, pages, reference, key, who=("HMRC", role))
        assert "approved (SLC)" in other.text or "Recorded" in other.h1 or "done" in other.h1
        assert SECRET not in other.html
        assert ADVICE not in other.html
    with world.ctx.database.writing() as session:  # even if somebody shared it by mistake
        session.connection().exec_driver_sql("UPDATE notes SET shared_at = 1 WHERE privileged")
    assert ADVICE not in task_of(world, pages, reference, "legal:hmrc", who=("HMRC", "legal")).html
    for name in ("audit.json", "agreement.json"):
        data = pages.client.get(f"/agreements/{reference}/{name}").get_data(as_text=True)
        assert json.loads(data)
        assert SECRET not in data
        assert ADVICE not in data


@one_database
def test_an_approval_may_rely_on_another_partys_and_say_when_it_was_made(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("review")
    world.do_task(reference, "security:hmrc")
    task_of(world, pages, reference, "security:slc", who=("SLC", "security"))
    typed: dict[str, object] = {
        "outcome": "approved", "relies_on": "1",
        "happened-day": "2", "happened-month": "11", "happened-year": "2027",
    }  # fmt: skip
    page = pages.press("Record my decision", typed, status=422)
    assert page.errors == ["The day of the decision must be in the past"]
    typed |= {"happened-day": "30", "happened-month": "10", "happened-year": "2026"}
    page = pages.press("Record my decision", typed)
    assert "Relies on the review of HM Revenue and Customs." in page.text
    assert "decided on 30 October 2026, typed in later" in page.text


@one_database
def test_going_against_the_advice_needs_a_reason(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("review")
    task_of(world, pages, reference, "data_protection_advice:slc", who=("SLC", "data_protection"))
    assert pages.press("Record my decision", status=422, outcome="against").errors == [
        "Say why: every party sees the reason"
    ]
    pages.press("Record my decision", outcome="against", summary="No basis for the second field")
    page = task_of(world, pages, reference, "data_protection:slc", who=("SLC", "information_governance"))
    assert "No basis for the second field" in page.text
    page = pages.press("Record my decision", status=422, outcome="approved")
    assert page.errors == ["The advice is against this. Say why you go against it"]
    assert pages.press("Record my decision", outcome="approved", summary="The field is needed").h1 == "Recorded"


@one_database
def test_what_changed_since_i_last_looked_is_exactly_what_changed(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("review")
    task_of(world, pages, reference, "security:hmrc", who=("HMRC", "security"))
    world.do_task(reference, "security:slc", "blocker", changes=(Change("data", "Name the key holder"),))
    redraft(world, reference, "security", {"key_mgmt": "SLC holds the keys", "dlp": "None is done"})
    page = pages.get(f"/agreements/{reference}/tasks/security:hmrc")
    assert "Since version 1, which you saw on 2 November 2026: Transfer, security and technology." in page.text
    assert words_before_the_decision(page) <= MOST_WORDS
    form = samples.form()
    shown = {element.text for element in page.tree.iter("h4")}
    assert shown == {question.wording for question in form.questions() if question.key in ("key_mgmt", "dlp")}
    assert "added: SLC holds the keys" in page.text
    assert "removed: HMRC" in page.text
    assert "See the changes" in pages.get(f"/agreements/{reference}/tasks/security:hmrc").links()
    pages.press("Record my decision", outcome="ask", question="Since when?")
    page = pages.get(f"/agreements/{reference}/tasks/security:hmrc")
    assert "Nothing since you looked on 2 November 2026." in page.text


@one_database
@pytest.mark.parametrize(
    ("stage", "key", "who", "outcome"),
    [
        ("first_look", "in_principle:slc", ("SLC", "information_governance"), {"outcome": "yes"}),
        ("first_look", "in_principle:slc", ("SLC", "information_governance"), {"outcome": "no", "summary": "No need"}),
        ("first_look", "in_principle:slc", ("SLC", "information_governance"), {"outcome": "not_us", "summary": "DfE"}),
        ("first_look", "early_legal:hmrc", ("HMRC", "legal"), {"outcome": "needs", "summary": "The power"}),
        ("first_look", "early_security:hmrc", ("HMRC", "security"), {"outcome": "no_blocker"}),
        ("check_draft", "check_text:slc", ("SLC", "information_governance"), {"outcome": "agreed"}),
        ("board", "board_decision", ("HMRC", "drafter"), {"outcome": "done"}),
    ],
)
def test_every_kind_of_task_is_decided_on_its_page(
    world: World, pages: PageClient, stage: str, key: str, who: tuple[str, str], outcome: dict[str, Any]
) -> None:
    reference = world.agreement_in(stage)
    page = task_of(world, pages, reference, key, who=who)
    assert words_before_the_decision(page) <= MOST_WORDS
    assert pages.press("Record my decision", outcome).h1 == "Recorded"


@one_database
@pytest.mark.parametrize(
    "typed",
    [
        {"outcome": "nonsense"},
        {},
        {"outcome": "approved", "seen": "x"},
        {"outcome": "approved_with_conditions", "condition-1": "x" * 3_000},
        {"outcome": "changes", "sections": "nonsense"},
        {"outcome": "changes", "sections": "data", "change-data": "x", "code-data": "nonsense"},
        {"outcome": "pass_on", "pass_to": "999999"},
        {"outcome": "approved", "relies_on": "9", "happened-day": "31", "happened-month": "2", "happened-year": "2026"},
        {"outcome": "approved", "note": "\x00\ud7ff", "seq": "9" * 400},
    ],
)
def test_bad_input_is_a_page_that_says_what_to_do(world: World, pages: PageClient, typed: dict[str, object]) -> None:
    reference = world.agreement_in("review")
    pages.sign_in(world.person("SLC", "legal"))
    data = {"csrf_token": pages.token(), "seen": "1", **typed}
    response = pages.client.post(f"/agreements/{reference}/tasks/legal:slc", data=data)
    assert 400 <= response.status_code < 500
    assert "legal:slc" in world.open_tasks(reference)


@one_database
def test_who_was_too_late_reads_what_happened_and_keeps_what_they_typed(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("review")
    task_of(world, pages, reference, "legal:slc", who=("SLC", "legal"))
    world.do_task(reference, "legal:slc")
    colleague = world.actor("SLC", "legal")
    reviewing.take_approval_back(world.ctx, colleague, reference, "legal:slc", "Too early.", seen=None)
    page = pages.press("Record my decision", status=409, outcome="approved", summary="All is well")
    assert "Somebody acted on" in page.text
    assert "took back the approval “Review the legal power and lawful basis”" in page.text
    assert "2 November 2026 at 9:10am" in page.text
    assert "All is well" in page.html
    assert pages.press("Record my decision").h1 == "Recorded"


@one_database
def test_who_decides_while_another_reviewer_decides_is_not_held_up(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("review")
    task_of(world, pages, reference, "legal:slc", who=("SLC", "legal"))
    world.do_task(reference, "security:hmrc")
    assert pages.press("Record my decision", outcome="approved").h1 == "Recorded"


@one_database
def test_who_decides_what_a_colleague_has_decided_reads_who_when_and_what(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("review")
    task_of(world, pages, reference, "legal:slc", who=("SLC", "legal"))
    world.do_task(reference, "legal:slc", summary="It is within the power")
    page = pages.press("Record my decision", status=409, outcome="approved")
    assert page.h1 == "Somebody else was first"
    assert "Legal adviser, Student Loans Company: approved" in page.text
    assert "It is within the power" in page.text


def send_at_once(address: str, path: str, fields: dict[str, str], cookies: list[str], count: int) -> list[int]:
    """Send one form from as many threads as asked for, all released at the same moment; gives the statuses."""
    parts = urlsplit(address)
    barrier, statuses, lock = threading.Barrier(count), [], threading.Lock()
    body = urlencode(fields)

    def send(number: int) -> None:
        connection = HTTPConnection(parts.hostname or "", parts.port or 0, timeout=60)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookies[number % len(cookies)]}
        barrier.wait()
        connection.request("POST", path, body=body, headers=headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        with lock:
            statuses.append(answer.status)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(statuses)


def cookie_of(pages: PageClient) -> str:
    """The cookies of a client, as a browser would send them."""
    found = (pages.client.get_cookie(name) for name in ("dsa", "dsa-form"))
    return "; ".join(f"{cookie.key}={cookie.value}" for cookie in found if cookie is not None)


@pytest.mark.slow
def test_of_many_who_approve_at_once_one_wins_and_the_others_get_a_409(
    world: World, app: Flask, pages: PageClient, services: Services
) -> None:
    reference = world.agreement_in("review")
    task_of(world, pages, reference, "legal:slc", who=("SLC", "legal"))
    fields = {"csrf_token": pages.token(), "outcome": "approved", "seen": str(world.seen(reference))}
    with chromium.serving(app) as address:
        path = f"/agreements/{reference}/tasks/legal:slc"
        statuses = send_at_once(address, path, fields, [cookie_of(pages)], 8)
    assert statuses == [303] + [409] * 7
    with world.ctx.database.reading() as session:
        head = world.loaded(reference).head
        assert len([a for a in work.live_approvals(session, head.id) if a.rule == "legal"]) == 1
        assert queries_tasks.look(session, head.id, world.person("SLC", "legal")) is not None


def test_when_another_party_is_to_decide_is_counted_on_its_own_nations_days(pages: PageClient, world: World) -> None:
    with world.ctx.database.writing() as session:
        session.execute(text("UPDATE organisations SET nation = 'SCT' WHERE code = 'SLC'"))
    world.move_clock(days=14)  # its days go over St Andrew's Day, when England works
    reference = world.agreement_in("review")
    pages.sign_in(world.person("HMRC", "legal"))
    page = pages.get(f"/agreements/{reference}/tasks/legal:hmrc")
    assert "Legal adviser, Student Loans Company: due 1 December 2026, in 10 working days" in page.text
