"""The terms for machines: real terms of their vocabularies, in the shapes that their standards ask for."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dsa.adapters.authority import Authority
from dsa.adapters.pdf import render
from dsa.adapters.verification import verify
from dsa.domain.data_contract import data_contract
from dsa.domain.integrity import canonical
from dsa.domain.terms import BASES, CONTEXT, PURPOSES, terms
from tests.documents import specimens
from tests.form import samples

DATA = Path(__file__).resolve().parents[1] / "data"
KNOWN: dict[str, list[str]] = json.loads((DATA / "vocabularies.json").read_text("utf-8"))
SCHEMA = json.loads((DATA / "odcs" / "odcs-json-schema-v3.2.0.json").read_text("utf-8"))


def content(**changes: Any) -> dict[str, Any]:
    """A frozen version whose answers are complete; each party of the form is a party of the agreement."""
    answers = samples.complete(**changes)
    parties = [{"key": row["id"], "name": row["name"], "role": row["role"]} for row in answers["parties"]]
    return {
        "reference": "DSA-2026-0007", "title": "Income check", "version": 2, "classification": "official",
        "parties": parties, "answers": {"everything": answers},
    }  # fmt: skip


def group(number: int) -> dict[str, Any]:
    """The same between one giver and so many takers."""
    made = content()
    made["parties"] = [{"key": "hmrc", "name": "HM Revenue and Customs", "role": "discloser"}]
    made["parties"] += [{"key": f"c{n}", "name": f"Council {n}", "role": "recipient"} for n in range(number)]
    return made


VARIANTS = {
    "as it is": content(),
    "onward with consent": content(onward_sharing="prior_consent"),
    "onward to named bodies": content(
        onward_sharing="listed", onward_recipients=[{"recipient": "Auditors", "why": "x", "private_sector": False}]
    ),
    "onward as the law requires": content(onward_sharing="as_law_requires"),
    "not about people": content(data_kind=["aggregate"]),
    "nothing answered": {**content(), "answers": {}},
    "forty-two takers": group(42),
}


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a document."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from nodes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from nodes(inner)


def of_type(document: Any, kind: str) -> list[dict[str, Any]]:
    return [node for node in nodes(document["@graph"]) if kind in _kinds(node)]


def _kinds(node: dict[str, Any]) -> list[str]:
    kind = node.get("@type", [])
    return kind if isinstance(kind, list) else [kind]


def _names(document: Any) -> Iterator[str]:
    """Every name with a prefix: keys, types and references into a vocabulary."""
    for node in nodes(document["@graph"]):
        yield from (key for key in node if not key.startswith("@"))
        yield from _kinds(node)
        if str(node.get("@id", "")).split(":")[0] in CONTEXT:
            yield node["@id"]


@pytest.mark.parametrize("name", VARIANTS)
def test_every_term_is_one_of_its_vocabulary(name: str) -> None:
    for used in _names(terms(VARIANTS[name])):
        prefix, _, term = used.partition(":")
        listed = KNOWN[prefix] + (KNOWN["odrl_actions"] + KNOWN["odrl_left_operands"] + KNOWN["odrl_operators"]
                                  if prefix == "odrl" else [])  # fmt: skip
        assert term in listed, used


def test_every_purpose_and_legal_basis_of_the_form_has_a_term() -> None:
    assert {*PURPOSES.values(), *(kind for kind, _ in BASES.values())} <= set(KNOWN["dpv"])
    questions = {q.key: q for section in samples.form().sections for q in section.questions}
    assert {option.value for option in questions["art6"].options} <= set(BASES)


@pytest.mark.parametrize("name", VARIANTS)
def test_the_policy_has_the_shape_that_odrl_asks_for(name: str) -> None:
    """ODRL 2.2: an Agreement has a uid; its rules have one action, targets, one assigner and one assignee; a constraint
    has one left operand, one operator and one right operand; each from the lists of the standard."""
    document = terms(VARIANTS[name])
    (policy,) = of_type(document, "odrl:Agreement")
    assert policy["odrl:uid"] == {"@id": policy["@id"]}
    for rule in [*policy["odrl:permission"], *policy["odrl:prohibition"]]:
        assert rule["odrl:action"]["@id"].removeprefix("odrl:") in KNOWN["odrl_actions"]
        assert rule["odrl:target"]
        assert set(rule["odrl:assigner"]) == {"@id"} == set(rule["odrl:assignee"])
    for duty in of_type(document, "odrl:Duty"):
        assert duty["odrl:action"]["@id"].removeprefix("odrl:") in KNOWN["odrl_actions"]
    for constraint in of_type(document, "odrl:Constraint"):
        assert set(constraint) == {"@type", "odrl:leftOperand", "odrl:operator", "odrl:rightOperand"}
        assert constraint["odrl:leftOperand"]["@id"].removeprefix("odrl:") in KNOWN["odrl_left_operands"]
        assert constraint["odrl:operator"]["@id"].removeprefix("odrl:") in KNOWN["odrl_operators"]


@pytest.mark.parametrize("name", VARIANTS)
def test_what_is_referred_to_is_there(name: str) -> None:
    document = terms(VARIANTS[name])
    defined = {node["@id"] for node in document["@graph"]}
    for node in nodes(document["@graph"]):
        refers = node.get("@id", "")
        if refers.startswith("urn:x-dsa:") and not refers.endswith(":data"):
            assert refers in defined, refers


def test_the_rules_are_those_of_the_answers() -> None:
    def actions(made: dict[str, Any], kind: str) -> list[str]:
        return [rule["odrl:action"]["@id"] for rule in of_type(terms(made), f"odrl:{kind}")]

    assert actions(content(onward_sharing="prohibited"), "Prohibition") == [
        "odrl:use",
        "odrl:distribute",
        "odrl:grantUse",
    ]
    assert actions(content(onward_sharing="prior_consent"), "Permission") == ["odrl:use", "odrl:distribute"]
    assert "odrl:obtainConsent" in actions(content(onward_sharing="prior_consent"), "Duty")
    (named,) = [c for c in of_type(terms(VARIANTS["onward to named bodies"]), "odrl:Constraint")
                if c["odrl:leftOperand"]["@id"] == "odrl:recipient"]  # fmt: skip
    assert named["odrl:rightOperand"] == {"@list": ["Auditors"]}
    assert of_type(terms(content()), "dpv:FraudPreventionAndDetection")
    law = {basis["rdfs:label"] for basis in of_type(terms(content()), "dpv:OfficialAuthorityOfController")}
    assert law == {"UK GDPR Article 6(1)(e)"}
    assert of_type(terms(VARIANTS["not about people"]), "dpv:NonPersonalDataProcess")
    assert len(canonical(terms(group(42)))) < 60_000


@pytest.mark.parametrize("name", VARIANTS)
def test_the_data_contract_fits_the_standards_own_schema(name: str) -> None:
    made = data_contract(VARIANTS[name])
    validator = jsonschema.Draft201909Validator(SCHEMA)
    assert [error.message for error in validator.iter_errors(made)] == []


def test_the_data_contract_names_every_item_of_every_data_set() -> None:
    made = content()
    rows = made["answers"]["everything"]["data_items"]
    named = {(one["name"], item["name"]) for one in data_contract(made)["schema"] for item in one.get("properties", ())}
    assert named == {(row["dataset"], row["field"]) for row in rows}


def test_the_schema_refuses_what_is_no_contract() -> None:
    """So that the test above can fail."""
    made = data_contract(content())
    del made["id"]
    made["schema"][0]["properties"][0]["logicalType"] = "text"
    assert len(list(jsonschema.Draft201909Validator(SCHEMA).iter_errors(made))) >= 2


def test_terms_that_say_something_else_than_the_text_are_found(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What somebody could seal who holds the seal: terms that allow more than the agreement."""
    text = specimens.agreement()
    for name, spoilt in (("terms", {"@graph": [{"dct:conformsTo": "dsa.terms/1"}]}), ("data_contract", {"id": "x"})):
        with monkeypatch.context() as patched:
            patched.setattr(f"dsa.adapters.pdf.{name}", lambda _content, spoilt=spoilt: spoilt)
            document = render(text, sections=specimens.sections(), audit=specimens.audit())
        found = verify(specimens.signed(authority, text, document), roots=[authority.root_pem])
        assert {check.check for check in found.checks if not check.ok} == {"terms"}
