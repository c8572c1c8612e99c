"""Checks on who is what: controllers, processors, document type, contacts (R41-R44, R64, R65).

One rule: the document fits the parties, not the parties the document.
"""

from __future__ import annotations

from collections.abc import Iterator

from dsa.domain.answered import own_part
from dsa.domain.conditions import answered
from dsa.domain.parties import concerns, names_of
from dsa.domain.rules.registry import BLOCK, WARN, Case, Hit, rule

MEMORANDA = ("memorandum_of_understanding", "process_mou")
CONTACTS = {
    "foi": "freedom of information",
    "sar": "people's requests",
    "complaints": "complaints",
    "breach": "breaches",
}


@rule("R41", BLOCK, "jc_arrangement", "controller_status", cites=("UK GDPR Article 26",))
def joint_controllers_divide_their_duties(case: Case) -> Iterator[Hit]:
    """Joint controllers say who does what."""
    joint = [party for party in case.parties if party.controller_status == "joint_controller"]
    if joint and not case.rows("jc_arrangement"):
        yield Hit(f"{names_of(joint)} are joint controllers. Say who does notices, rights, breaches and complaints.")


@rule("R42", BLOCK, "processor_contract", "controller_status", cites=("UK GDPR Article 28(3)",))
def processors_have_a_contract(case: Case) -> Iterator[Hit]:
    """Each processor is bound by a contract with the Article 28 terms."""
    for party in case.parties:
        if not party.processes_for_others:
            continue
        rows = [row for row in case.rows("processor_contract") if concerns(row.get("party"), party)]
        if not any(answered(row.get("reference")) and row.get("art28_terms") is True for row in rows):
            yield Hit(f"{party.name} is a processor. Give the contract with the Article 28 terms that binds it.")


@rule("R43", BLOCK, "doc_type", cites=("UK GDPR Article 28",))
def processing_agreements_have_a_processor(case: Case) -> Iterator[Hit]:
    """A data processing agreement has a processor."""
    if case.word("doc_type") == "data_processing_agreement" and not any(p.processes_for_others for p in case.parties):
        yield Hit("A data processing agreement needs a processor, and no party is one. Choose another document.")


@rule("R44", WARN, "doc_type", cites=("ICO data sharing code of practice, data sharing agreements",))
def memoranda_are_between_public_bodies(case: Case) -> Iterator[Hit]:
    """A memorandum is between public bodies."""
    public = [party for party in case.parties if party.is_public]
    if case.word("doc_type") in MEMORANDA and len(case.parties) > 1 and len(public) <= 1:
        yield Hit("A memorandum is enough only between public bodies. Choose a data sharing agreement.")


@rule("R64", WARN, "controller_status", cites=("UK GDPR Articles 4(7) and 26",))
def answers_on_status_agree(case: Case) -> Iterator[Hit]:
    """The parties' answers on who is a controller agree with each other."""
    joint = [party for party in case.parties if party.controller_status == "joint_controller"]
    if len(joint) == 1:
        yield Hit(f"Only {joint[0].name} says that it is a joint controller. Agree with whom.")
    for party in case.parties:
        place = (f"controller_status.{party.key}",)
        if party.controller_status == "do_not_know":
            yield Hit(f"{party.name} does not know its role yet. Ask its data protection officer.", place)
        if party.role != "processor" and party.controller_status in ("processor", "sub_processor") and party.discloses:
            yield Hit(
                f"{party.name} gives data for itself but says that it is a processor. Change one of the two.", place
            )
        if party.role == "processor" and party.controller_status in ("independent_controller", "joint_controller"):
            yield Hit(f"{party.name} handles data for others but says that it is a controller. Change one.", place)


@rule("R65", WARN, "people", cites=("ICO data sharing code of practice, data sharing agreements",))
def contacts_are_named(case: Case) -> Iterator[Hit]:
    """Each party has contacts for FOI, requests, complaints and breaches."""
    for party in case.parties:
        lacking = [name for key, name in CONTACTS.items() if not answered(own_part(case.answers, "people", party, key))]
        if "complaints" in lacking and answered(case.own("complaints", party)):
            lacking.remove("complaints")
        if lacking and not party.processes_for_others:
            yield Hit(f"{party.name} has no contact for {', '.join(lacking)}. Add the post.", (f"people.{party.key}",))
