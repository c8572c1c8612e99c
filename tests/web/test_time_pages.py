"""The pages of where the time goes: a sentence first, numbers that lead to exactly what they count, nobody ranked."""

import csv
import io
import re
from datetime import timedelta

import pytest

from dsa.jobs import Relay
from dsa.persistence import rows
from dsa.services import changes_ahead, figures
from dsa.services.reviewing import Change
from dsa.timekeeping.weeks import monday, week_of
from dsa.web.time_navigation import TIME_PAGES
from tests.past import add_past, add_signed
from tests.web.page_client import Page, PageClient, words
from tests.web.test_forecasts import keep_record
from tests.web.test_time_stages import past_stays
from tests.web.world import World

PAGES = ("/time", "/time/days", "/time/chase", "/time/teams", "/time/trend", "/time/returns", "/time/delay")
FILES = (
    "/time/stages.csv", "/time/days.csv", "/time/days/agreements.csv", "/time/chase.csv", "/time/overdue.csv",
    "/time/teams.csv", "/time/weeks.csv", "/time/trend.csv", "/time/returns.csv", "/time/delay.csv",
)  # fmt: skip


@pytest.fixture
def filled(world: World) -> World:
    """Agreements that were returned, went through, wait and are worth something, seen a few weeks later, counted."""
    returned = world.agreement_in("check_draft", monthly_benefit=6_000)
    change = Change("purpose", "Say what it is for.", "QUALITY", "benefits")
    world.do_task(returned, "check_text:slc", "changes", changes=(change,), summary="Not clear.")
    world.agreement_in("text_agreed", monthly_benefit=90_000)
    world.agreement_in("review")
    world.move_clock(days=30)
    world.agreement_in("drafting")
    world.start(title="Only the lead may see this")
    world.count()
    return world


def numbers(page: Page) -> list[tuple[int, str]]:
    """(number, where it leads) of each number that is a link to the list of agreements."""
    found = []
    for link in page.tree.iter("a"):
        shown = re.match(r"(?:The |All )?([\d,]+)\b", words(link))
        if shown and (link.get("href") or "").startswith("/agreements?"):
            found.append((int(shown[1].replace(",", "")), link.get("href") or ""))
    return found


@pytest.mark.parametrize("who", [("HMRC", "head_of_sharing"), ("SLC", "legal"), ("NAO", "auditor")])
def test_every_number_leads_to_exactly_the_agreements_it_counts(
    pages: PageClient, filled: World, who: tuple[str, str]
) -> None:
    pages.sign_in(filled.person(*who))
    followed = 0
    for path in PAGES:
        for number, href in numbers(pages.get(path)):
            listed = pages.get(href)
            if "done_by=" in href or "team=" in href:
                tasks = f"{number} task" if number == 1 else f"{number} tasks"
                assert f"{tasks} of the team in {listed.h1}. Tasks are counted one by one" in listed.text, (path, href)
            else:
                assert listed.h1 == (f"{number} agreement" if number == 1 else f"{number} agreements"), (path, href)
            followed += 1
    assert followed > 25


@pytest.mark.parametrize("who", [("HMRC", "head_of_sharing"), ("SLC", "legal"), ("NAO", "auditor")])
def test_the_numbers_of_forecasts_and_of_the_simulation_lead_to_exactly_those_agreements(
    pages: PageClient, world: World, monkeypatch: pytest.MonkeyPatch, who: tuple[str, str]
) -> None:
    monkeypatch.setattr(changes_ahead, "AGREEMENTS", 100)
    monkeypatch.setattr(changes_ahead, "RUNS", 5)
    reference = world.agreement_in("drafting")
    now = world.ctx.clock.now()
    add_signed(world.ctx.database, reference, now=now)
    fates = [("NOW", 9, 3, 99), ("MAYBE", 9, 60, 99), ("LONG", 9, 900, 99), ("OLD", 900, 5, 2000)]
    for name, ago, needed, days in fates:
        add_past(world.ctx.database, reference, begun=now - timedelta(days=ago), stays=[("drafting", days)],
                 reference=f"{name}-1", now=now, needed=now.date() + timedelta(days=needed))  # fmt: skip
    relay = Relay(world.ctx)
    relay.forecast()
    changes_ahead.ask(world.ctx, world.actor("HMRC", "head_of_sharing"), "HMRC")
    changes_ahead.ask(world.ctx, world.actor("SLC", "head_of_sharing"), "SLC")
    relay.forecast()
    relay.forecast()
    assert not relay.failed
    keep_record(world, 20)
    world.move_clock(minutes=5)
    pages.sign_in(world.person(*who))
    found = {path: numbers(pages.get(path)) for path in ("/time/forecasts", "/time/changes")}
    assert [number for number, _ in found["/time/changes"]] == [24]
    assert len(found["/time/forecasts"]) >= 3
    assert sum(number for number, href in found["/time/forecasts"] if "dated" in href) == 5
    for number, href in [each for some in found.values() for each in some]:
        assert pages.get(href).h1 == (f"{number} agreement" if number == 1 else f"{number} agreements"), href
    for wrong in ("forecast=never", "simulated=HMRC", "simulated=HMRC:x", "simulated=:5", "simulated=all:99999999999"):
        pages.get(f"/agreements?{wrong}")
    assert pages.get("/agreements?forecast=never").h1 == "0 agreements"


def test_each_page_begins_with_a_sentence_and_a_number(pages: PageClient, filled: World) -> None:
    pages.sign_in(filled.person("HMRC", "head_of_sharing"))
    first = {path: words(pages.get(path).by_class("govuk-body-l")[0]) for path in PAGES}
    assert first["/time/days"].startswith("None of the ")
    assert first["/time/chase"].startswith("Chase 3 agreements today: they have been in their stage longer than 85 of ")
    assert first["/time/teams"].startswith("5 agreements are under way; 0 were signed in half a year. Most open tasks:")
    assert first["/time/trend"] == "Too few weeks to say whether anything has become quicker or slower."
    assert first["/time/returns"] == (
        "100 of 100 came through review without a return (1 of 1 agreement). "
        "Asked for most often: What benefits do you expect?"
    )
    assert first["/time/delay"] == (
        "Each month of waiting costs £96,000, by what is known of 2 agreements under way. "
        "Of 3 agreements under way nobody has said what they are worth."
    )


def test_what_another_organisation_does_is_in_none_of_a_strangers_figures(pages: PageClient, filled: World) -> None:
    pages.sign_in(filled.person("DWP", "head_of_sharing"))
    for path in PAGES:
        page = pages.get(path)
        assert numbers(page) == [], path
        assert "DSA-" not in page.text, path
        assert page.by_class("govuk-inset-text") or "Nothing" in page.text, path
    for path in FILES:
        assert len(list(csv.reader(io.StringIO(pages.client.get(path).text)))) == 1, path


def test_what_only_the_lead_may_see_is_not_counted_for_the_other_party(pages: PageClient, filled: World) -> None:
    pages.sign_in(filled.person("SLC", "head_of_sharing"))
    assert words(pages.get("/time/teams").by_class("govuk-body-l")[0]).startswith("4 agreements are under way")
    assert "Only the lead may see this" not in pages.get("/time/delay").text


def test_what_remains_ends_at_the_signature_and_goes_by_the_forecast_as_soon_as_there_is_one(
    pages: PageClient, world: World
) -> None:
    """Before the first forecast the targets stand; then the likely day, and a new count does not lose it. What is
    signed is worth something and has nothing left: it is not ranked, and not unknown."""
    reference = world.agreement_in("sign_off", monthly_benefit=6_000)
    signed = world.agreement_in("signed", monthly_benefit=9_000)
    add_signed(world.ctx.database, reference, now=world.ctx.clock.now())
    world.count()
    pages.sign_in(world.person("HMRC", "drafter"))

    def remains() -> list[tuple[str, str, str]]:
        text = pages.client.get("/time/delay.csv").text.lstrip("\ufeff")
        lines = csv.DictReader(io.StringIO(text))
        return [(row["Reference"], row["Remaining by"], row["Working days to signature"]) for row in lines
                if row["Pounds a month"] in ("6000", "9000")]  # fmt: skip

    target = world.loaded(reference).head
    flow = world.ctx.definitions
    with world.ctx.database.reading() as session:
        stage = flow.flow(session, target.workflow_id, target.workflow_version).stages["sign_off"]
    assert remains() == [(reference, "targets", str(stage.targets["standard"]))]
    relay = Relay(world.ctx)
    relay.forecast()
    assert not relay.failed
    ((_, by, days),) = remains()
    assert by == "forecast"
    world.do_task(reference, world.open_tasks(reference)[0])
    world.count()
    assert remains() == [(reference, "forecast", days)]
    page = pages.get("/time/delay")
    assert "£15,000" in page.text
    assert "Until the last signature" in page.text
    assert f"({signed})" not in page.text


def test_ranked_by_what_a_month_is_worth_over_the_time_that_remains_and_unknown_stands_apart(
    pages: PageClient, filled: World
) -> None:
    pages.sign_in(filled.person("HMRC", "drafter"))
    page = pages.get("/time/delay")
    ranked, unknown = page.text.split("These are not ranked.")
    assert ranked.index("£90,000") < ranked.index("£6,000")
    assert "Only the lead may see this" in unknown
    assert "£0" not in page.text
    table = list(csv.reader(io.StringIO(pages.client.get("/time/delay.csv").text)))
    assert [row[4] for row in table[1:]] == ["90000", "6000", "not known", "not known", "not known"]


def test_chased_is_what_has_been_in_its_stage_longer_than_85_of_100(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    past_stays(world, reference, "review", [1, 2, 2, 3, 3, 4])
    world.move_clock(days=14)
    fresh = world.agreement_in("review", title="A fresh one")
    world.count()
    pages.sign_in(world.person("HMRC", "head_of_sharing"))
    page = pages.get("/time/chase")
    assert page.text.count("10 working days") >= 2
    first = [link.get("href") for link in page.by_class("govuk-button") if link.tag == "a"]
    assert first == [f"/agreements/{reference}"]
    past = next(href for number, href in numbers(page) if "entered_before" in href)
    listed = pages.get(past)
    assert reference in listed.text
    assert fresh not in listed.text


def test_where_ones_own_are_too_few_the_lines_are_those_of_all_organisations(pages: PageClient, world: World) -> None:
    past_stays(world, world.start(title="Only the lead may see this"), "review", [1, 2, 2, 3, 3, 4])
    reference = world.agreement_in("review")
    world.move_clock(days=14)
    world.count()
    told = {"HMRC": "85 of 100 leave within 4 working days", "SLC": "85 of 100 of all organisations leave within 4"}
    for code, measured in told.items():
        pages.sign_in(world.person(code, "head_of_sharing"))
        page = pages.get("/time/chase")
        assert reference in words(page.by_class("govuk-list--number")[0])
        assert measured in words(page.by_class("govuk-list--number")[0]), code
        assert ("Review: lines of all organisations" in page.text) == (code == "SLC")


def test_where_all_are_too_few_what_is_past_its_stages_target_is_chased(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    world.move_clock(days=14)
    world.count()
    pages.sign_in(world.person("SLC", "head_of_sharing"))
    assert "Chase 1 agreement" not in pages.get("/time/chase").text
    world.move_clock(days=14)
    world.count()
    pages.sign_in(world.person("SLC", "head_of_sharing"))
    page = pages.get("/time/chase")
    chased = words(page.by_class("govuk-list--number")[0])
    assert reference in chased
    assert "its target of 15 working days, because too few have finished it" in chased
    assert "Review: too few finished, so the line is its target" in page.text
    table = list(csv.reader(io.StringIO(pages.client.get("/time/chase.csv").text.removeprefix("\ufeff"))))
    assert [row[-2:] for row in table] == [["Target", "Measured by"], ["15", "target"]]


def test_every_page_of_time_is_in_the_sub_navigation_and_opens(pages: PageClient, world: World) -> None:
    pages.sign_in(world.person("HMRC", "head_of_sharing"))
    there = pages.app.view_functions
    assert [endpoint for endpoint, _ in TIME_PAGES if endpoint not in there] == []
    shown = pages.get("/time").by_class("dsa-subnav__link")
    assert [words(link) for link in shown] == [str(label) for _, label in TIME_PAGES]
    for link in shown:
        page = pages.get(link.get("href") or "")
        current = [words(each) for each in page.by_class("dsa-subnav__link") if each.get("aria-current") == "page"]
        assert current == [words(link)]


def weekly(world: World, lengths: list[int]) -> None:
    """A stay in drafting of so many working days that ended in each of the last weeks (not what a service would do)."""
    loaded = world.loaded(world.agreement_in("drafting"))
    this_week = week_of(world.ctx.clock.now().date())
    with world.ctx.database.writing() as session:
        for place, days in enumerate(lengths):
            left = monday(this_week - len(lengths) + place)
            at = loaded.head.created_at.replace(year=left.year, month=left.month, day=left.day)
            rows.add(
                session,
                "stage_entries",
                {
                    "agreement_id": loaded.head.id, "entered_seq": 5_000 + place, "stage": "drafting", "round": 1,
                    "organisation_id": loaded.head.lead_organisation_id, "route": "standard",
                    "entered_at": at - timedelta(days=7 * days // 5), "left_at": at, "target_days": 15, "due_at": None,
                    "working_minutes": days * 480, "calendar_version": "x",
                },
            )  # fmt: skip
    figures.rebuild(world.ctx)


def test_weeks_of_one_stay_each_that_vary_too_much_are_not_read_as_ordinary(pages: PageClient, world: World) -> None:
    weekly(world, [1, 40, 3, 200, 2, 90] * 5)
    pages.sign_in(world.person("HMRC", "head_of_sharing"))
    page = pages.get("/time/trend?stage=drafting")
    assert "Drafting varies too much for a reading by weeks, because few stays end in each." in page.text
    assert "ordinary weeks lie between" not in page.text
    assert "too wide to call a week out of the ordinary" in page.text


def test_a_control_chart_says_in_one_sentence_that_a_stage_became_slower(pages: PageClient, world: World) -> None:
    weekly(world, [(4, 5, 6)[place % 3] if place < 21 else 20 for place in range(30)])
    pages.sign_in(world.person("HMRC", "head_of_sharing"))
    page = pages.get("/time/trend?stage=drafting")
    assert "Drafting has become slower: week after week it lies above its usual" in page.text
    assert page.by_class("dsa-chart")
    table = list(csv.reader(io.StringIO(pages.client.get("/time/trend.csv?stage=drafting").text)))
    assert [row[3] for row in table[-9:]] == ["yes"] * 9
    assert "XmR" not in page.text.split("How this is worked out")[0]


def test_a_reader_of_two_organisations_sees_one_at_a_time(pages: PageClient, filled: World) -> None:
    from datetime import date

    from dsa.services import directory

    with filled.ctx.database.writing() as session:
        post = directory.add_post(session, filled.organisations["DWP"], title="Second post", role="legal")
        person = filled.person("SLC", "legal")
        directory.appoint(session, post_id=post, person_id=person, starts_on=date(2020, 1, 1))
    pages.sign_in(filled.person("SLC", "legal"))
    ours = pages.get("/time/delay?organisation=SLC")
    assert "takes part in" in ours.text
    assert [href for _, href in numbers(ours)] == [
        "/agreements?organisation=SLC&worth=known", "/agreements?organisation=SLC&worth=unknown",
    ]  # fmt: skip
    assert "Nothing is under way." in pages.get("/time/delay?organisation=DWP").text


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_strange_addresses_find_nothing_and_break_nothing(pages: PageClient, filled: World) -> None:
    pages.sign_in(filled.person("HMRC", "head_of_sharing"))
    strange = "workflow=%00&route=%3Cb%3E&organisation=XX&stage=nowhere&by=%22&after=%00%00:%00"
    for path in (*PAGES, *FILES):
        assert pages.client.get(f"{path}?{strange}").status_code == 200, path
    for filters in (
        "started=2026-13-40", "signed=x", "in_week=2026-11-02", "been=review&in_week=0001-01-01", "review=best",
        "worth=much", "entered_before=9999-12-31", "team=:", "team=HMRC", "asked=%00&asked_because=x",
    ):  # fmt: skip
        assert pages.get(f"/agreements?{filters}").h1 == "0 agreements", filters


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_before_anything_was_counted_a_page_says_so(pages: PageClient, world: World) -> None:
    world.agreement_in("drafting")
    pages.sign_in(world.person("HMRC", "head_of_sharing"))
    for path in PAGES:
        assert "Nothing was worked out yet" in pages.get(path).text
    world.count()
    world.start()
    assert "1 agreement changed since and is counted in a moment." in pages.get("/time").text


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_chart_has_words_a_table_and_a_file(pages: PageClient, filled: World) -> None:
    pages.sign_in(filled.person("HMRC", "head_of_sharing"))
    drawn = 0
    for path in PAGES:
        page = pages.get(path)
        for svg in page.by_class("dsa-chart"):
            assert svg.get("role") == "img"
            told = [words(part) for part in svg.iter() if str(part.tag).endswith("desc")]
            assert len(told[0]) > 10
            assert page.tree.findall(".//table")
            assert [href for href in page.links().values() if href.split("?")[0].endswith(".csv")]
            drawn += 1
    assert drawn >= 5
