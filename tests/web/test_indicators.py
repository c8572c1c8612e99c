"""The public indicators: by stage always, by organisation where it agreed, no names, no small numbers."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import bindparam, text

from dsa.domain.errors import NotAllowed
from dsa.jobs import Relay
from dsa.persistence import rows
from dsa.services import indicators
from tests.web.page_client import PageClient
from tests.web.world import World


@pytest.fixture
def past(world: World) -> World:
    """Twelve signed agreements of HMRC's with a stay in review, two of them late, and one open agreement."""
    reference = world.agreement_in("review")
    head = world.loaded(reference).head
    made = {name: getattr(head, name) for name in head._fields if name != "id"}
    with world.ctx.database.writing() as session:
        for number in range(12):
            began = head.created_at - timedelta(days=300 + number)
            copy = made | {"reference": f"X-{number}", "created_at": began, "head_seq": 1, "first_contact_on": None}
            identifier = rows.add(session, "agreements", copy | {"stage": "in_use", "stage_entered_at": began})
            end = "signed" if number < 6 else "in_use"
            stays = [("review", began, 20 if number in (2, 3) else 6), (end, began + timedelta(days=70), 1)]
            for seq, (stage, entered, days) in enumerate(stays, start=1):
                _stay(session, head, identifier, seq, stage, entered, entered + timedelta(days=days))
    return world


def _stay(session: Any, head: Any, agreement: int, seq: int, stage: str, entered: Any, left: Any) -> None:
    stay = {"agreement_id": agreement, "entered_seq": seq, "stage": stage, "round": 1, "route": "standard"}
    stay |= {"organisation_id": head.lead_organisation_id, "entered_at": entered, "left_at": left}
    rows.add(session, "stage_entries", stay | {"target_days": 10, "calendar_version": "x", "working_minutes": 1})


def test_anybody_reads_how_long_agreements_take_as_page_csv_and_json(pages: PageClient, past: World) -> None:
    assert "They are not there yet." in pages.get("/indicators").text
    assert indicators.due(past.ctx)
    Relay(past.ctx).tell_the_public()
    assert not indicators.due(past.ctx)
    page = pages.get("/indicators")
    assert "Half of all agreements are signed within 49 working days. 85 of 100 within 50." in page.text
    assert "These figures are of made-up agreements" in page.text
    assert "Worked out on 2 November 2026" in page.text
    said = json.loads(pages.client.get("/indicators.json").text)
    review = next(stage for stage in said["stages"] if stage["stage"] == "review")
    # one is open: its number is small, so the next smallest of the column is not shown either
    assert (review["closed"], review["open"], review["half"]) == (12, None, 4)
    assert next(stage for stage in said["stages"] if stage["stage"] == "signed")["closed"] is None
    assert review["within"] is None
    assert said["overall"]["signed"] == 12
    assert said["synthetic"] is True
    assert said["organisations"] == []
    table = list(csv.reader(io.StringIO(pages.client.get("/indicators.csv").text.removeprefix("\ufeff"))))
    assert next(row for row in table if row[1] == "Review")[:7] == ["Stage", "Review", "12", "", "", "4.0", ""]
    # 85 of 100 within 15 would be the length of the one or two that lasted so long
    assert (review["most"], review["at_risk"]) == (None, None)
    assert "The 85 of 100 rest on 6 agreements that lasted so long." in page.text
    assert (said["overall"]["within"], said["overall"]["open_half"]) == (0.5, None)  # the other half took a day longer
    assert "Signed within the targets of their stages: 50%. Too few are open to say how old they are." in page.text


def test_a_length_that_rests_on_few_is_shown_neither_for_all_nor_for_an_organisation(
    pages: PageClient, past: World
) -> None:
    """Half a year after the twelve, three that took far longer: 85 of 100 would tell their lengths."""
    with past.ctx.database.writing() as session:
        slow = "UPDATE stage_entries SET entered_at = entered_at + 8640000 WHERE stage IN ('signed', 'in_use') AND "
        session.execute(text(f"{slow} agreement_id IN (SELECT id FROM agreements WHERE reference IN :r)").bindparams(
            bindparam("r", ["X-1", "X-2", "X-3"], expanding=True)
        ))  # fmt: skip
    Relay(past.ctx).tell_the_public()
    indicators.consent(past.ctx, past.actor("HMRC", "administrator"), "HMRC", agreed=True)
    said = json.loads(pages.client.get("/indicators.json").text)
    for row in (said["overall"], *said["organisations"]):
        assert (row["half"], row["most"], row["at_risk"]) == (49, None, None)
    page = pages.get("/indicators")
    assert "Too few lasted longer to say within how many 85 of 100 are." in page.text
    assert "rest on" not in page.text


def test_an_organisation_s_rows_have_its_share_within_target_its_stages_and_its_reasons(
    pages: PageClient, past: World
) -> None:
    with past.ctx.database.writing() as session:
        for row in session.execute(text("SELECT id, created_at FROM agreements WHERE reference LIKE 'X-%'")).all():
            spell = {"agreement_id": row.id, "started_seq": 1, "owner": "HMRC", "outside": False, "stage": "review"}
            began = datetime.fromtimestamp(row.created_at, UTC)
            reason = "BOARD" if row.id % 12 else "DPIA"
            spell |= {"role": "legal", "reason": reason, "started_at": began, "ended_at": began + timedelta(days=7)}
            rows.add(session, "spells", spell)
    Relay(past.ctx).tell_the_public()
    indicators.consent(past.ctx, past.actor("HMRC", "administrator"), "HMRC", agreed=True)
    hmrc = json.loads(pages.client.get("/indicators.json").text)["organisations"][0]
    assert (hmrc["within"], hmrc["signed"]) == (0.5, 12)
    assert {row["stage"]: row["half"] for row in hmrc["stages"]}["review"] == 4
    assert [row["label"] for row in hmrc["delays"]] == ["board or minister"]  # the other held up one agreement
    page = pages.get("/indicators")
    assert "Of its time of delay: Board or minister 92%." in page.text
    assert "Board or minister" in pages.client.get("/indicators.csv").text


def test_an_organisation_stands_there_by_name_only_while_it_agrees(pages: PageClient, past: World) -> None:
    Relay(past.ctx).tell_the_public()
    assert "HM Revenue and Customs" not in pages.get("/indicators").text
    pages.sign_in(past.person("HMRC", "head_of_sharing"))
    pages.get("/indicators/consent")
    page = pages.press("Agree")
    assert "Agreed Head of data sharing, 2 November 2026" in page.text
    page = pages.get("/indicators")
    assert "HM Revenue and Customs" in page.text
    assert "no ranking" in page.text
    pages.get("/indicators/consent")
    pages.press("No longer agree")
    assert "HM Revenue and Customs" not in pages.client.get("/indicators.json").text


def test_only_the_organisation_itself_agrees(pages: PageClient, past: World) -> None:
    with pytest.raises(NotAllowed):
        indicators.consent(past.ctx, past.actor("SLC", "head_of_sharing"), "HMRC", agreed=True)
    pages.sign_in(past.person("HMRC", "drafter"))
    assert "can say this" in pages.get("/indicators/consent").text
    pages.post("/indicators/consent", {"organisation": "HMRC", "agreed": "yes"}, status=403)


def test_no_name_of_a_person_post_or_agreement_is_in_it(pages: PageClient, past: World) -> None:
    Relay(past.ctx).tell_the_public()
    indicators.consent(past.ctx, past.actor("HMRC", "administrator"), "HMRC", agreed=True)
    told = pages.client.get("/indicators.json").text + pages.client.get("/indicators.csv").text
    for word in ("drafter", "Drafter", "adviser", "X-1", "DSA-20", "Income check"):
        assert word not in told, word
