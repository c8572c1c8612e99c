"""One of the example agreements from the start to the sealed document in a real browser: the same as its journey."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from dsa.adapters.definitions import load_form
from dsa.adapters.verification import verify
from dsa.composition import publish_definitions
from dsa.config import Settings
from dsa.demo.cast import Cast
from dsa.demo.journey import _organisation, _seats
from dsa.domain.agreement_file import read_agreement_file
from dsa.domain.parties import parties_of
from dsa.persistence import work
from dsa.services import journeying, notifying
from dsa.services.context import Context
from dsa.web.acting import context
from tests.journeys.filling import fill_section
from tests.web import chromium

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "low-risk-statistics.json"
ANSWERS_FOR_IT = "Deputy director for data"
DRAFTING = {"AgreementStarted", "SectionSaved", "CorrectionMade", "RouteChosen"}


def kinds(audit: dict[str, Any]) -> list[str]:
    return [e["body"]["kind"] for e in audit["events"] if e["body"]["kind"] not in DRAFTING]


def outcomes(audit: dict[str, Any]) -> dict[str, str]:
    closed = [e["body"]["effects"]["closed"] for e in audit["events"] if e["body"]["effects"]]
    return dict(filter(None, closed))


class Official:
    """Somebody at a browser who becomes one post after another."""

    def __init__(self, page: Page, cast: Cast) -> None:
        self.page, self.cast, self.changes = page, cast, 0

    def become(self, code: str, role: str) -> None:
        self.changes += 1
        self.page.goto("/sign-in")
        self.page.locator(f"button[name=person][value='{self.cast.people[code, role]}']").click()

    def press(self, words: str) -> None:
        self.page.get_by_role("button", name=words, exact=True).click()

    def decide(self, reference: str, task: str, outcome: str) -> None:
        self.page.goto(f"/agreements/{reference}/tasks/{task}")
        chromium.assert_accessible(self.page)
        self.page.locator(f"[name=outcome][value={outcome}]").check(force=True)
        if outcome == "yes":
            self.page.locator("[name=timetable][value=accept]").check(force=True)
        self.page.locator("main form button.govuk-button").last.click()
        assert "/recorded" in self.page.url, self.page.locator("main").inner_text()[:600]


@pytest.fixture
def ctx(app: Any) -> Context:
    with app.app_context():
        running = context()
    publish_definitions(running)
    return running


def start(official: Official, answers: dict[str, Any]) -> str:
    page = official.page
    page.goto("/start")
    page.locator("[name=classification_above][value=no]").check(force=True)
    page.locator("[name=what_people_can_do]").fill(answers["aims"])
    page.locator("[name=who_holds]").first.select_option("MOJ")
    page.locator("[name=who_needs]").first.select_option("ONS")
    page.locator("[name=about_people][value=statistics]").check(force=True)
    page.locator("[name=once_or_regularly][value=regularly]").check(force=True)
    year, month, day = answers["date_needed"].split("-")
    for part, text in (("day", day), ("month", month), ("year", year)):
        page.locator(f"[name=date_needed-{part}]").fill(text)
    page.locator("[name=consequence_if_not]").fill(answers["consequence_if_not"])
    page.locator("[name=accountable]").fill(ANSWERS_FOR_IT)
    official.press("See what we propose")
    official.press("Create the draft")
    return page.url.split("/agreements/")[1].split("/")[0]


def sign(official: Official, reference: str, party: str, post: str) -> None:
    page = official.page
    page.goto(f"/agreements/{reference}/tasks/sign:{party}")
    official.press("Confirm who you are")
    page.get_by_role("radio", name=re.compile(f"^{post}")).first.check(force=True)
    official.press("Confirm and continue")
    chromium.assert_accessible(page)
    official.press("Sign agreement")
    assert "signed" in page.locator("h1").inner_text().lower(), page.locator("main").inner_text()[:600]


def ask_and_answer(official: Official, reference: str) -> None:
    page = official.page
    page.goto(f"/agreements/{reference}/tasks/supply:moj")
    page.locator("[name=outcome][value=ask]").check(force=True)
    page.locator("[name=question]").fill("Which month does it begin with?")
    page.locator("main form button.govuk-button").last.click()
    official.become("ONS", "drafter")
    page.goto(f"/agreements/{reference}/questions/1")
    page.locator("[name=answer]").fill("With the month after the last signature.")
    page.locator("main form button.govuk-button").last.click()


def test_what_is_clicked_and_what_a_journey_does_are_the_same_agreement(
    browser: Any, live: str, app: Any, ctx: Context, settings: Settings, tmp_path: Path
) -> None:
    from dsa.cli.journey import command

    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DSA_DATA_DIR", str(elsewhere))
        command.main([str(EXAMPLE), "--out", str(out)], standalone_mode=False)
    made = json.loads((out / "low-risk-statistics.agreement.json").read_text())
    audit = json.loads((out / "low-risk-statistics.audit.json").read_text())

    form = load_form(ROOT / "workflows" / "forms" / "agreement.yaml")
    file = read_agreement_file(form, json.loads(EXAMPLE.read_text()))
    answers = dict(file.answers) | {"title": made["title"]}
    cast = Cast(ctx)
    signs = {str(row["party"]): str(row["post"]) for row in answers["signatories"]}
    cast.enlist((_organisation(party), _seats(party, signs)) for party in parties_of(answers))

    with chromium.visiting(browser, live) as page:
        official = Official(page, cast)
        official.become("ONS", "drafter")
        reference = start(official, answers)
        for section in form.sections:
            if section.key != "parties":
                fill_section(page, f"/agreements/{reference}/sections/{section.key}", form, section.key, answers)
        fill_section(page, f"/agreements/{reference}/sections/parties", form, "parties", answers)
        page.goto(f"/agreements/{reference}/draft")
        page.locator("button[value=route]").first.click()
        page.locator("button[value=first_look]").first.click()
        official.become("MOJ", "information_governance")
        official.decide(reference, "in_principle:moj", "yes")
        official.become("ONS", "drafter")
        page.goto(f"/agreements/{reference}/check")
        page.locator("main form button.govuk-button").last.click()
        official.become("MOJ", "information_governance")
        official.decide(reference, "check_text:moj", "agreed")
        official.become("ONS", "information_governance")
        official.decide(reference, "data_protection:ons", "approved")
        official.become("MOJ", "data_owner")
        ask_and_answer(official, reference)
        official.become("MOJ", "data_owner")
        official.decide(reference, "supply:moj", "approved")
        official.become("ONS", "drafter")
        page.goto(f"/agreements/{reference}/moves/lock_text")
        page.locator("main form button.govuk-button").last.click()
        while notifying.carry_out(ctx):
            pass
        for code in ("MOJ", "ONS"):
            official.become(code, "signatory")
            sign(official, reference, code.lower(), signs[code.lower()])
        while notifying.carry_out(ctx):
            pass
        page.goto(f"/agreements/{reference}/document")
        chromium.assert_accessible(page)
        with page.expect_download() as download:
            official.press("Download signed PDF")
        signed = Path(download.value.path()).read_bytes()
        mine = json.loads(page.request.get(f"{live}/agreements/{reference}/agreement.json").text())
        record = json.loads(page.request.get(f"{live}/agreements/{reference}/audit.json").text())

    assert mine["route"] == made["route"] == "fast"
    made["answers"]["parties"]["people"]["ons"]["sro"] = ANSWERS_FOR_IT  # the start asks for it; the file leaves it out
    assert mine["answers"] == made["answers"]
    assert kinds(record)[: len(kinds(audit))] == kinds(audit)
    assert outcomes(record) == outcomes(audit)
    verdict = verify(signed, roots=[(settings.data_dir / "root.pem").read_bytes()])
    assert verdict.ok, verdict.headline
    assert official.changes - 2 <= 10, "without the question that took two"
    with ctx.database.reading() as session:
        assert journeying.standing(ctx, reference).stage == "signed"
        assert work.tasks(session, 1)
