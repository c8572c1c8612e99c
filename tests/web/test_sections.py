"""One section as a form: saving, mistakes, rows, conflicts, other parties, hostile input."""

import json

import pytest

from dsa.persistence import drafts
from dsa.services import drafting, starting
from tests.answers import complete_answers
from tests.form.samples import form
from tests.web.page_client import PageClient
from tests.web.world import World


@pytest.fixture
def reference(world: World) -> str:
    return world.agreement_in("drafting")


@pytest.fixture
def drafter(pages: PageClient, world: World) -> PageClient:
    pages.sign_in(world.person("HMRC", "drafter"))
    return pages


def saved(world: World, reference: str, section: str) -> dict[str, object]:
    with world.ctx.database.reading() as session:
        return dict(drafts.sections_of(session, world.loaded(reference).head.id)[section].answers)


def address(reference: str, section: str) -> str:
    return f"/agreements/{reference}/sections/{section}"


def test_every_section_of_a_whole_draft_shows_and_saves_what_it_shows(
    drafter: PageClient, world: World, reference: str
) -> None:
    for section in form().sections:
        before = saved(world, reference, section.key)
        page = drafter.get(address(reference, section.key))
        assert page.h1 == section.title
        drafter.press("Save and come back later")
        assert saved(world, reference, section.key) == before, section.key


def test_saving_goes_on_to_the_next_section(drafter: PageClient, world: World, reference: str) -> None:
    drafter.get(address(reference, "purpose"))
    page = drafter.press("Save and continue", aims="Stop false applications before the first payment.")
    assert page.h1 == "Data"
    assert saved(world, reference, "purpose")["aims"] == "Stop false applications before the first payment."


def test_a_mistake_is_saved_marked_and_linked_to_its_input(drafter: PageClient, world: World, reference: str) -> None:
    drafter.get(address(reference, "overview"))
    page = drafter.press(
        "Save and continue", {"date_needed-day": "31", "date_needed-month": "2", "date_needed-year": "2027"}, status=422
    )
    assert page.errors == ["When is the data needed: this cannot be 31 February 2027: there is no such day."]
    assert "Saved at" in page.text
    assert saved(world, reference, "overview")["date_needed"] == {"day": "31", "month": "2", "year": "2027"}
    again = drafter.get(address(reference, "overview"))
    assert "One answer is marked" in again.text


def test_an_answer_that_brings_questions_shows_them(drafter: PageClient, reference: str) -> None:
    drafter.get(address(reference, "retention"))
    page = drafter.press("Save and continue", onward_sharing="listed")
    assert "one more question" in page.text
    assert "To whom may it be passed on?" in page.text
    page = drafter.press(
        "Save and continue", {"onward_recipients-0-recipient": "A court", "onward_recipients-0-why": "It may order it"}
    )
    assert page.h1 == "Evidence and sign-off"


def test_rows_are_added_and_removed(drafter: PageClient, world: World, reference: str) -> None:
    drafter.get(address(reference, "data"))
    page = drafter.press("Add another: Which data sets are shared?")
    assert "datasets-1-name" in page.forms()[1].names()
    drafter.press("Save and come back later", {"datasets-1-name": "Addresses", "datasets-1-period": "2026"})
    assert len(saved(world, reference, "data")["datasets"]) == 2  # type: ignore[arg-type]
    drafter.get(address(reference, "data"))
    drafter.press("Remove Row 1: Which data sets are shared?")
    assert [row["name"] for row in saved(world, reference, "data")["datasets"]] == ["Addresses"]  # type: ignore[attr-defined]


def test_an_organisation_is_added_from_the_directory(drafter: PageClient, world: World, reference: str) -> None:
    drafter.get(address(reference, "parties"))
    page = drafter.press("Add this organisation", directory="DWP")
    rows = saved(world, reference, "parties")["parties"]
    assert rows[2]["code"] == "DWP"  # type: ignore[index]
    assert rows[2]["id"] == "dwp"  # type: ignore[index]
    assert "Department for Work and Pensions" in page.text
    page = drafter.press("Add this organisation", directory="DWP", status=422)
    assert page.errors == ["Department for Work and Pensions is one of the parties already."]


def test_a_party_written_by_hand_gets_a_short_name(drafter: PageClient, world: World, reference: str) -> None:
    drafter.get(address(reference, "parties"))
    drafter.press("Add another: Who are the parties?")
    drafter.press("Save and come back later", {"parties-2-name": "Body of Nobody"})
    assert saved(world, reference, "parties")["parties"][2]["id"] == "body-of-nobody"  # type: ignore[index]
    assert "Body of Nobody" in drafter.get(f"/agreements/{reference}/draft").text


def test_two_people_in_one_section_get_both_texts_to_choose_from(
    drafter: PageClient, world: World, reference: str
) -> None:
    drafter.get(address(reference, "purpose"))
    drafting.save_section(
        world.ctx, world.actor("HMRC", "drafter"), reference, "purpose", {"aims": "Theirs"}, seen_revision=1
    )
    page = drafter.press("Save and continue", aims="Mine", how_data_helps="Mine too", status=409)
    assert "Theirs" in page.text
    assert "Mine too" in page.text
    page = drafter.press("Save and continue", {"choose--aims": "theirs"})
    assert page.h1 == "Data"
    assert saved(world, reference, "purpose")["aims"] == "Theirs"
    assert saved(world, reference, "purpose")["how_data_helps"] == "Mine too"


def test_another_party_adds_only_its_own_answers_once_the_draft_is_shared(
    pages: PageClient, world: World, reference: str
) -> None:
    pages.sign_in(world.person("SLC", "drafter"))
    assert "has not shared it" in pages.get(f"/agreements/{reference}/draft", status=403).text
    drafting.share_draft(world.ctx, world.actor("HMRC", "drafter"), reference, seen=None)
    page = pages.get(f"/agreements/{reference}/draft")
    assert "What Student Loans Company can add" in page.text
    page = pages.get(address(reference, "lawful_basis"))
    names = {name for one in page.forms() for name in one.names()}
    assert "art6_law-slc" in names
    assert "art6_law-hmrc" not in names
    pages.press("Save and come back later", {"art6_law-slc": "Our own Act"})
    assert saved(world, reference, "lawful_basis")["art6_law"] == {
        "hmrc": "Section 56 of the Digital Economy Act 2017", "slc": "Our own Act",
    }  # fmt: skip


def test_whoever_may_not_change_the_draft_reads_it(pages: PageClient, world: World, reference: str) -> None:
    pages.sign_in(world.person("HMRC", "legal"))
    page = pages.get(address(reference, "purpose"))
    assert "You cannot change the draft" in page.text
    assert "Check declared income" in page.text
    assert page.buttons() == ["Sign out"]


def test_strangers_find_no_draft(pages: PageClient, world: World, reference: str) -> None:
    pages.sign_in(world.person("DWP", "drafter"))
    for path in ("draft", "check", "changes", "sections/purpose", "questions/1"):
        pages.get(f"/agreements/{reference}/{path}", status=404)


def test_there_is_no_section_of_another_name(drafter: PageClient, reference: str) -> None:
    drafter.get(address(reference, "nowhere"), status=404)


def test_forty_three_parties_still_fit(drafter: PageClient, world: World, reference: str) -> None:
    rows = [*complete_answers()["parties"]]
    rows += [
        {"id": f"council-{n:02}", "name": f"Council {n:02}", "role": "discloser", "nation": "ENG", "group": "councils",
         "body_type": "local_authority"} for n in range(1, 42)
    ]  # fmt: skip
    drafting.save_section(
        world.ctx, world.actor("HMRC", "drafter"), reference, "parties", {"parties": rows}, seen_revision=1
    )
    page = drafter.get(address(reference, "parties"))
    assert "parties-42-name" in page.forms()[1].names()
    assert "Councils (41 parties, answering alike)" in page.text
    drafter.press("Save and come back later", {"regime-councils": "uk_gdpr"})
    assert saved(world, reference, "parties")["regime"]["councils"] == "uk_gdpr"  # type: ignore[index]
    assert len(saved(world, reference, "parties")["parties"]) == 43  # type: ignore[arg-type]
    drafter.get(f"/agreements/{reference}/check")


HOSTILE = {
    "title": "x" * 60_000,
    "date_needed-day": "\x00",
    "date_needed-month": "99999999999999999999",
    "date_needed-year": "-1",
    "nations": ["ENG", "<script>", "ENG"],
    "doc_type": "../../etc/passwd",
    "nature": "\ud7ff\u202e",
    "novel_contentious": "perhaps",
    "external_refs-0-party": "nobody",
    "external_refs-999-reference": "far",
    "external_refs-1000-reference": "too far",
    "external_refs-a-b": "not a row",
    "unknown": "field",
    "asked": ["title", "date_needed", "nations", "doc_type", "nature", "novel_contentious", "external_refs", "nobody"],
    "revision": "1",
}


@pytest.mark.parametrize("do", ["continue", "later", "add:nobody", "remove:nobody-x", "remove:", "directory", "?"])
def test_hostile_fields_are_saved_or_left_out_and_never_break(
    drafter: PageClient, world: World, reference: str, do: str
) -> None:
    drafter.get(address(reference, "overview"))
    sent = {**HOSTILE, "do": do, "csrf_token": drafter.token()}
    answer = drafter.client.post(address(reference, "overview"), data=sent)
    assert answer.status_code in (200, 303, 422), answer.status_code
    page = drafter.get(address(reference, "overview"))
    assert "<script>" not in page.html.split("<main", 1)[1].split("</main>")[0] or "&lt;script&gt;" in page.html
    drafter.get(f"/agreements/{reference}/draft")
    drafter.get(f"/agreements/{reference}/check")


@pytest.mark.parametrize("revision", ["", "-1", "x", "9" * 40, "1e3"])
def test_a_made_up_revision_is_a_conflict_and_nothing_is_lost(
    drafter: PageClient, world: World, reference: str, revision: str
) -> None:
    drafter.get(address(reference, "purpose"))
    page = drafter.post(
        address(reference, "purpose"), {"revision": revision, "asked": "aims", "aims": "Mine"}, status=409
    )
    assert "Mine" in page.text
    assert saved(world, reference, "purpose")["aims"] != "Mine"


def test_a_made_up_revision_of_a_section_that_nobody_saved_does_no_harm(drafter: PageClient, world: World) -> None:
    new = starting.NewAgreement("HMRC", {"parties": complete_answers()["parties"]}, "standard")
    reference = starting.start_agreement(world.ctx, world.actor("HMRC", "drafter"), new)
    drafter.get(address(reference, "purpose"))
    drafter.post(address(reference, "purpose"), {"revision": "7", "asked": "aims", "aims": "Mine", "do": "later"})
    assert saved(world, reference, "purpose") == {"aims": "Mine"}


def test_a_date_counted_from_the_last_signature_needs_only_its_number(
    drafter: PageClient, world: World, reference: str
) -> None:
    drafter.get(address(reference, "retention"))
    fields = {"revision": "1", "asked": "end", "end-number": "18", "end-unit": "months", "end-after": "last_signature"}
    drafter.post(address(reference, "retention"), {**fields, "do": "later"})
    assert saved(world, reference, "retention")["end"] == {"after": "last_signature", "months": 18}


WRONG = [
    None, True, 7, -(10**30), 1.5, "text", [], {}, [[]], [{}], [[[[[[["deep"]]]]]]], {"a": {"b": {"c": {"d": {}}}}},
    {"after": "never", "months": "x"}, {"after": "last_signature", "months": [1]}, {"day": [1], "year": {"x": 1}},
    ["ENG", 4, None], [{"id": "x" * 500, "name": {"a": 1}}], "\ud800", "2027-02-31", {"hmrc": {"hmrc": {"hmrc": 1}}},
]  # fmt: skip


@pytest.mark.parametrize("section", [section.key for section in form().sections])
def test_whatever_came_in_by_another_door_the_pages_show_it(
    drafter: PageClient, world: World, reference: str, section: str
) -> None:
    """Answers of every wrong type, as a program could send them, are kept with their mistakes and shown."""
    page = form().section(section)
    assert page is not None
    who = world.actor("HMRC", "drafter")
    drafter.get("/about/cookies")
    for start in range(0, len(WRONG), 5):
        raw = {
            question.key: json.loads(json.dumps(WRONG[(start + number) % len(WRONG)]))
            for number, question in enumerate(page.questions)
        }
        with world.ctx.database.reading() as session:
            revision = drafts.sections_of(session, world.loaded(reference).head.id)[section].revision
        drafting.save_section(world.ctx, who, reference, section, raw, seen_revision=revision)
        drafter.get(address(reference, section))
        drafter.get(f"/agreements/{reference}/draft")
        drafter.get(f"/agreements/{reference}/check")
