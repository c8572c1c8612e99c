"""Numbers in addresses and forms that are larger than any database takes lead nowhere; they are no fault."""

import re

from flask import Flask

from tests.web.page_client import PageClient
from tests.web.world import World

HUGE = "9" * 5_000


def test_a_number_too_large_for_a_database_leads_nowhere_on_every_page(
    app: Flask, pages: PageClient, world: World
) -> None:
    reference = world.agreement_in("review")
    numbered = [
        rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and "<int:" in rule.rule
    ]
    assert len(numbered) > 10
    pages.sign_in(world.person("HMRC", "head_of_sharing"))
    for rule in numbered:
        path = re.sub(r"<int:\w+>", HUGE, rule).replace("<reference>", reference)
        path = re.sub(r"<any\((\w+).*?>", r"\1", path)
        assert pages.client.get(path).status_code in (303, 403, 404, 405), rule
    for query in ("/checkpoints?from=", "/outbox?before=", f"/agreements/{reference}/versions/1?since=",
                  f"/agreements/{reference}/contest?spell=", f"/agreements/{reference}/comments?version="):  # fmt: skip
        assert pages.client.get(query + HUGE).status_code < 500, query


def test_a_person_whose_number_is_too_large_is_nobody(pages: PageClient, world: World) -> None:
    pages.get("/sign-in")
    sent = {"person": HUGE, "csrf_token": pages.token()}
    assert pages.client.post("/sign-in/demo", data=sent).status_code < 500
