"""The view of one agreement for the printed page. One rule: it says only what the frozen content and the audit say."""

from collections.abc import Mapping, Sequence
from typing import Any

from dsa import __version__
from dsa.adapters.certificates import EXAMPLE_MARK
from dsa.adapters.pdf_layout import (
    Marks,
    PrintedSection,
    Say,
    Section,
    Table,
    View,
    cover_of,
    moment,
    moment_in_a_table,
    number_sections,
    party_table,
    running_title,
    signature_fields,
    words,
)
from dsa.domain.integrity import canonical, digest
from dsa.domain.parties import flatten
from dsa.domain.values import date_text

_BEGINNING = "2000-01-01T00:00:00+00:00"  # stands in document dates where nothing has happened yet


def build_view(
    content: Mapping[str, Any], sections: Sequence[Section], audit: Mapping[str, Any], marks: Marks, say: Say
) -> View:
    """Everything the templates read, made from the frozen content, its presentation and the audit."""
    parties, groups = cover_of(content, say)
    title, reference, version = str(content["title"]), str(content["reference"]), int(content["version"])
    view = View(
        language="en-GB",
        title=title,
        full_title=f"{title} ({reference}, {say('version')} {version})",
        running_title=running_title(title),
        reference=reference,
        version=version,
        service=say("Data-sharing agreement service"),
        generator=f"dsa {__version__}",
        stamped=_stamped(audit),
        content_hash="" if marks.release else digest(canonical(content)),
        classification=str(content.get("classification") or "OFFICIAL").upper(),
        page_mark=_page_mark(content, say),
        watermark=say("SUPERSEDED") if marks.superseded else say("DRAFT") if marks.draft else "",
        verify_url=marks.verify_url,
        stamped_by=marks.stamped_by,
        code=marks.code,
        trust_url=marks.trust_url,
        copy=marks.superseded or marks.release,
        notices=_notices(content, marks, say),
        control=_control(content, audit, marks, say),
        cover_parties=parties,
        cover_groups=groups,
    )
    table = PrintedSection(number="1", anchor="section-1", title=say("Parties"), table=party_table(content, say))
    view.sections.append(table)
    number_sections(view, sections, first=2, say=say)
    after = len(view.sections) + 1
    view.signatures = {"number": str(after), "blocks": _blocks(content, say)}
    view.audit = {"number": str(after + 1), **_audit(content, audit, say)}
    view.contents = _contents(view, say)
    return view


def _contents(view: View, say: Say) -> list[Mapping[str, str]]:
    entries = [{"number": each.number, "title": each.title, "anchor": each.anchor} for each in view.sections]
    annex = say("Annex")
    entries += [{"number": f"{annex} {a.letter}", "title": a.title, "anchor": a.anchor} for a in view.annexes]
    entries.append({"number": view.signatures["number"], "title": say("Signatures"), "anchor": "signatures"})
    made = say("How this agreement was made")
    entries.append({"number": view.audit["number"], "title": made, "anchor": "audit"})
    return list(entries)


def _stamped(audit: Mapping[str, Any]) -> str:
    """The time of the last event, so that the same version always gives the same bytes."""
    for event in reversed(audit.get("events", ())):
        body = event.get("body", {})
        for key in ("recorded_at", "happened_at", "at"):
            if isinstance(body.get(key), str) and len(body[key]) >= 19:
                return str(body[key])[:19] + "Z"
    return _BEGINNING[:19] + "Z"


def _page_mark(content: Mapping[str, Any], say: Say) -> str:
    if content.get("example"):
        return EXAMPLE_MARK
    return say("SYNTHETIC - made up for demonstration") if content.get("synthetic") else ""


def _notices(content: Mapping[str, Any], marks: Marks, say: Say) -> list[str]:
    notices = []
    if content.get("example"):
        notices.append(EXAMPLE_MARK)
    if content.get("synthetic"):
        notices.append(say("Synthetic: the history of this agreement was made up for demonstration."))
    if marks.draft:
        notices.append(say("Draft: not agreed by anybody, and may still change."))
    if marks.superseded:
        notices.append(say("Superseded: a later version stands in its place."))
    if marks.release:
        notices.append(say("Copy for release: not the signed document. Words that are withheld are marked."))
    if content.get("assumed"):
        notices.append(say("Answers marked “assumed” are not in the published source; they were filled in."))
    return notices


def _control(content: Mapping[str, Any], audit: Mapping[str, Any], marks: Marks, say: Say) -> list[tuple[str, str]]:
    rows = [
        (say("Reference"), str(content["reference"])),
        (say("Version"), str(content["version"])),
        (say("Status"), _status(marks, say)),
        *_dates(content, audit, marks, say),
        (say("Classification"), str(content.get("classification") or "OFFICIAL").upper()),
    ]
    if content.get("route"):
        reasons = " ".join(_sentence(str(reason)) for reason in content.get("route_reasons") or ())
        rows.append((say("Route"), f"{words(content['route'])}{': ' if reasons else ''}{reasons}"))
    if content.get("parent_agreement"):
        rows.append((say("Varies"), str(content["parent_agreement"])))
    parties, signers = len(content.get("parties", ())), len(signature_fields(content))
    rows.append((say("Parties"), f"{parties}; {say('signatures required')}: {signers}"))
    made = [(name, content.get(key) or {}) for name, key in ((say("form"), "form"), (say("workflow"), "workflow"))]
    with_ = [
        f"{name} {part['id']}, {say('version')} {part.get('version', '')}" for name, part in made if part.get("id")
    ]
    return [*rows, (say("Made with"), "; ".join(with_))] if with_ else rows


def _status(marks: Marks, say: Say) -> str:
    """What this file was when it was made; later events are told where it can be checked."""
    if marks.draft:
        return say("Draft")
    if marks.superseded:
        return say("Superseded")
    return say("Copy for release") if marks.release else say("Issued for signature; agreed once every party has signed")


def _dates(content: Mapping[str, Any], audit: Mapping[str, Any], marks: Marks, say: Say) -> list[tuple[str, str]]:
    """When the text was locked for signature, who answers for it, and its term; only what is fixed at issue."""
    given = flatten(content.get("answers", {}))
    rows = []
    locked = [event["body"] for event in audit.get("events", ()) if event.get("body", {}).get("kind") == "TextLocked"]
    if locked and not marks.draft:
        when = moment(locked[-1].get("recorded_at"))
        rows.append((say("Issued"), f"{when} ({say('simulated time')})" if locked[-1].get("simulated") else when))
    owner = given.get("lead_accountable")
    if isinstance(owner, Mapping):
        names = {str(party["key"]): str(party["name"]) for party in content.get("parties", ())}
        who = [str(owner.get("post") or ""), names.get(str(owner.get("party")), str(owner.get("party") or ""))]
        rows.append((say("Owner"), ", ".join(part for part in who if part)))
    named = ((say("Starts"), "start"), (say("Ends"), "end"), (say("To be reviewed"), "review"))
    return rows + [(name, date_text(given[key])) for name, key in named if given.get(key)]


def _sentence(text: str) -> str:
    """A reason with a full stop of its own, so that several can follow each other."""
    said = text.strip()
    return said if not said or said[-1] in ".!?" else f"{said}."


def _blocks(content: Mapping[str, Any], say: Say) -> list[Mapping[str, str]]:
    names = {str(party["key"]): str(party["name"]) for party in content.get("parties", ())}
    fields = sorted(signature_fields(content), key=lambda pair: int(pair[1].get("order") or 0))
    return [
        {
            "field": name,
            "organisation": names.get(str(signatory["party"]), str(signatory["party"])),
            "post": str(signatory.get("post") or ""),
            "role": "" if signatory.get("role") in (None, "signatory") else words(signatory["role"]),
            "authority": str(signatory.get("authority") or say("held by the post")),
        }
        for name, signatory in fields
    ]


def _audit(content: Mapping[str, Any], audit: Mapping[str, Any], say: Say) -> Mapping[str, Any]:
    names = {str(party["key"]): str(party["name"]) for party in content.get("parties", ())}
    approvals = [
        [
            names.get(str(each.get("party")), str(each.get("party") or "")),
            words(each.get("review")),
            str(each.get("decided_by") or ""),
            words(each.get("outcome")),
            moment_in_a_table(each.get("at")),
        ]
        for each in audit.get("approvals", ())
    ]
    stages = [
        [words(s.get("stage")), _number(s.get("working_days")), _number(s.get("target")), str(s.get("owner") or "")]
        for s in audit.get("stages", ())
    ]
    demo = say(
        "Demo authentication: the people of this example chose their post from a list; nobody proved who they are."
    )
    return {
        "authentication": demo if content.get("example") else "",
        "simulated": _simulated(audit),
        "approvals": Table(
            columns=[say("Organisation"), say("Review"), say("Decided by"), say("Outcome"), say("When")], rows=approvals
        ),
        "stages": Table(columns=[say("Stage"), say("Working days"), say("Target"), say("Who had it")], rows=stages),
        "count": len(audit.get("events", ())),
        "head": str(audit.get("head_hash") or ""),
    }


def _simulated(audit: Mapping[str, Any]) -> bool:
    """Whether any moment here was made up by a simulated clock."""
    return bool(audit.get("simulated")) or any(e.get("body", {}).get("simulated") for e in audit.get("events", ()))


def _number(value: object) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
