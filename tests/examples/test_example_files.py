"""The agreements of ``examples/``: read, judged as published, and ready once their corrections are made."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dsa.domain.agreement_file import AgreementFile, apply_corrections, read_agreement_file, reread
from dsa.domain.checking import Judgement, judge
from dsa.domain.json_reading import read_json
from tests.form.samples import bodies, form

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "examples").glob("*.json"))
NAMES = [path.stem for path in FILES]


@cache
def example(name: str) -> AgreementFile:
    return read_agreement_file(form(), read_json((ROOT / "examples" / f"{name}.json").read_bytes()))


def expected(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "examples" / "expected" / f"{name}.json").read_text("utf-8"))
    return found


def as_published(name: str) -> Judgement:
    file = example(name)
    return judge(form(), file.answers, facts=file.facts, bodies=bodies(), mistakes=file.mistakes)


def test_the_five_examples_are_there() -> None:
    assert set(NAMES) >= {
        "hmrc-student-loans-company", "hmrc-leeds-pilot", "hmrc-leeds-variation", "council-tax-debt",
        "low-risk-statistics",
    }  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_an_example_fits_the_schema_of_agreement_files(name: str) -> None:
    schema = json.loads((ROOT / "docs" / "agreement-file.schema.json").read_text("utf-8"))
    data = json.loads((ROOT / "examples" / f"{name}.json").read_text("utf-8"))
    jsonschema.validate(data, schema)


@pytest.mark.parametrize("name", NAMES)
def test_the_judgement_of_an_example_as_published_is_the_one_expected(name: str) -> None:
    found, wanted = as_published(name), expected(name)["check"]
    gates: dict[str, int] = {}
    for need in found.gates:
        gates[f"{need.id} {need.role}"] = gates.get(f"{need.id} {need.role}", 0) + 1
    assert found.tier.route == wanted["tier"]
    assert found.tier.level == wanted["level"]
    assert found.as_json()["workflow"] == wanted["workflow"]
    assert [one.field for one in found.missing] == wanted["missing"]
    assert sorted(one.rule for one in found.report.findings if one.severity == "block") == wanted["blocks"]
    assert gates == wanted["gates"]


@pytest.mark.parametrize("name", NAMES)
def test_an_example_can_go_forward_once_its_corrections_are_made(name: str) -> None:
    file = example(name)
    answers, mistakes = reread(form(), apply_corrections(file.answers, file.corrections))
    facts = {"today": "2026-11-23", "sign_off_requested": True}
    found = judge(form(), answers, facts=facts, bodies=bodies(), mistakes=mistakes)
    assert not found.missing
    assert not found.mistakes
    assert [one for one in found.report.findings if one.severity == "block"] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_answer_of_an_example_is_from_a_source_or_marked_assumed(name: str) -> None:
    file = example(name)
    assumed = {path.split("[")[0] for path in file.assumed}
    sourced = set(file.answers) - assumed - {"title"}
    assert file.sources or not sourced
    assert all(source.startswith("https://www.gov.uk/") for source in file.sources)


def test_the_published_error_of_the_student_loans_agreement_is_found_and_corrected() -> None:
    file = example("hmrc-student-loans-company")
    blocks = [one for one in as_published("hmrc-student-loans-company").report.findings if one.severity == "block"]
    assert [one.rule for one in blocks] == ["R52"]
    assert "Skills Development Scotland" in blocks[0].message
    assert [correction.rule for correction in file.corrections] == ["R52"]


def test_forty_three_sign_for_council_tax_and_the_processor_joins_without_signing() -> None:
    parties = example("council-tax-debt").parties
    assert sum(party.signs for party in parties) == 43
    assert sum(party.group == "councils" for party in parties) == 41
    assert [party.name for party in parties if not party.signs] == ["Cabinet Office"]


def test_the_variation_names_the_agreement_that_it_changes() -> None:
    assert str(example("hmrc-leeds-variation").answers["parent_agreement"]).startswith("https://www.gov.uk/")
    assert "parent_agreement" not in example("hmrc-leeds-pilot").answers
