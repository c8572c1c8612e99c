"""Checking a signed agreement, offline. One rule: it says what it checked, and never more than the file can prove.

Three answers are kept apart: is it unchanged and ours; who signed, when, with what authority and level; is it in force
(which no file can know). ``verify`` is what the command and the web page both call.
"""

import datetime as dt
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from asn1crypto import pem, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm, enumerate_sig_fields
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from dsa.adapters import verification_log as logs
from dsa.adapters import verification_revisions as revisions
from dsa.adapters.certificates import shortened
from dsa.adapters.pdf_layout import moment, signature_fields
from dsa.adapters.signatures import COMPLETION_FIELD, ISSUE_FIELD
from dsa.adapters.stamp_trust import parts_of
from dsa.adapters.verification_evidence import Evidence, read_evidence
from dsa.adapters.verification_outside import OUTSIDE, number_said, outside_told, outside_words
from dsa.adapters.verification_trust import Signed, intact, is_tight, judge
from dsa.adapters.verification_verdict import Check, Outcome, Verdict
from dsa.domain.errors import BadInput

LARGEST = 64 * 1024 * 1024
_MOST_SIGNATURES = 160
_LEVELS = ("B-B", "B-T", "B-LT", "B-LTA")

__all__ = ["LARGEST", "Check", "Outcome", "Verdict", "verify"]

Progress = Callable[[int, int], None]


def verify(
    pdf: bytes,
    *,
    roots: Sequence[bytes],
    progress: Progress | None = None,
    log: Sequence[Mapping[str, Any]] | None = None,
    checkpoint: str | None = None,
    now: dt.datetime | None = None,
    stamp_roots: Sequence[bytes] = (),
) -> Verdict:
    """Judge the bytes of a PDF, trusting only ``roots`` (PEM or DER certificates; none: the authority is unknown).

    ``progress`` is called with (signatures judged, signatures in all); ``log`` are the lines of the agreement's full
    log, which must begin with the events in the document; ``checkpoint`` is one of the service's log that somebody
    kept; ``now`` (UTC) is when it is judged, true time unless given;
    ``stamp_roots`` are trusted to say the time, and for nothing else.

    Raises BadInput with a plain sentence for what is not a readable PDF: another kind of file, encrypted, cut off, too
    large.
    """
    reader, trailing = _open(pdf)
    try:
        trusted = [_certificate(each) for each in roots]
        at = now or dt.datetime.now(dt.UTC)
        examination = _Examination(pdf, reader, trailing, trusted, progress, at)
        examination.stamp_roots = [_certificate(each) for given in stamp_roots for each in parts_of(given)]
        return examination.verdict(log, checkpoint)
    except BadInput:
        raise
    except RecursionError as error:
        raise BadInput("This PDF is nested too deeply to be read. It was not made by this service.") from error
    except Exception as error:  # a hostile file may break any part of the parser: that is an answer, not a crash
        raise BadInput(
            "This PDF is damaged: parts of it cannot be read (%(kind)s). Ask for the file again.",
            kind=type(error).__name__,
        ) from error


def _open(pdf: bytes) -> tuple[PdfFileReader, int]:
    """The reader, and how many bytes follow the end of the PDF."""
    if len(pdf) > LARGEST:
        raise BadInput("This file is larger than 64 MB. No agreement of this service is; nothing was checked.")
    if not pdf.startswith(b"%PDF-"):
        raise BadInput("This file is not a PDF. Choose the signed PDF of the agreement.")
    end = pdf.rfind(b"%%EOF")
    if end < 0:
        raise BadInput("This PDF is cut off: its end is missing. Ask for the file again.")
    rest = pdf[end + 5 :]
    whole = pdf if not rest.strip(b"\r\n") else pdf[: end + 5] + b"\n"
    try:
        reader = PdfFileReader(io.BytesIO(whole))
        if reader.encrypted:
            raise BadInput("This PDF is encrypted. Agreements of this service never are; nothing was checked.")
        _ = reader.root["/Pages"]
    except BadInput:
        raise
    except Exception as error:  # as in verify()
        raise BadInput(
            "This PDF is damaged or cut off, so nothing in it can be checked (%(kind)s). Ask for the file again.",
            kind=type(error).__name__,
        ) from error
    return reader, len(rest.strip(b"\r\n"))


def _certificate(data: bytes) -> x509.Certificate:
    try:
        certificate = x509.Certificate.load(pem.unarmor(data)[2] if pem.detect(data) else data)
        _ = certificate.subject.native
    except (ValueError, TypeError) as error:
        raise BadInput("The root certificate cannot be read: it is neither PEM nor DER.") from error
    return certificate


class _Examination:
    """One file being examined: gathers checks, then draws the verdict."""

    def __init__(
        self,
        pdf: bytes,
        reader: PdfFileReader,
        trailing: int,
        roots: list[x509.Certificate],
        progress: Progress | None,
        now: dt.datetime,
    ) -> None:
        self.pdf, self.reader, self.trailing, self.roots = pdf, reader, trailing, roots
        self.progress, self.now = progress, now
        self.checks: list[Check] = []
        self.stamp_roots: list[x509.Certificate] = []
        self.unreadable: list[str] = []
        self.sound: dict[str, bool] = {}
        self.embedded = self._embedded()
        self.signed: list[Signed] = []
        self.evidence = Evidence()

    def _embedded(self) -> list[EmbeddedPdfSignature]:
        found: list[EmbeddedPdfSignature] = []
        for name, _, widget in enumerate_sig_fields(self.reader, filled_status=True):
            if len(found) >= _MOST_SIGNATURES:
                raise BadInput("This PDF holds more signatures than any agreement here; nothing was checked.")
            try:
                one = EmbeddedPdfSignature(self.reader, widget, name)
                _ = one.signer_cert, one.compute_digest()
                found.append(one)
            except Exception:  # a broken signature is a finding of its own, whatever broke
                self.unreadable.append(str(name))
        return sorted(found, key=lambda each: int(each.signed_revision))

    def say(self, check: str, ok: bool, good: str, bad: str) -> None:
        self.checks.append(Check(check, ok, good if ok else bad))

    def verdict(self, log: Sequence[Mapping[str, Any]] | None, checkpoint: str | None) -> Verdict:
        """Examine everything and conclude."""
        if not self.embedded and not self.unreadable:
            return self._unsigned()
        self._integrity()
        self._revisions()
        self._judge()
        self.evidence = read_evidence(self.reader)
        self._evidence_checks()
        self.checks += logs.record_checks(self.evidence)
        if log is not None:
            self.checks += logs.log_checks(self.pdf, self.evidence, self.signed, log)
        if checkpoint is not None:
            self.checks.append(logs.held_check(self.evidence, log, checkpoint))
        complete = self._people()
        return self._conclude(complete)

    def _unsigned(self) -> Verdict:
        self.say("signatures", False, "", "This PDF carries no signature at all.")
        return self._conclude(False)

    def _integrity(self) -> None:
        for each in self.embedded:
            try:
                self.sound[each.field_name] = intact(each)
            except Exception:  # an unreadable signature does not hold
                self.sound[each.field_name] = False
        bad = [str(name) for name, good in self.sound.items() if not good] + self.unreadable
        number = len(self.embedded)
        self.say(
            "signatures",
            not bad,
            f"All {number} signatures, seals and time stamps fit the bytes they were made over.",
            f"These no longer fit the bytes they were made over: {', '.join(bad)}.",
        )

    def _revisions(self) -> None:
        ends, whole = 0, not self.unreadable
        for position, each in enumerate(self.embedded, 1):
            start, first, second, rest = (int(number) for number in each.byte_range)
            whole &= start == 0 and ends < second + rest <= len(self.pdf) and each.signed_revision == position
            whole &= is_tight(each, self.pdf[first:second])
            ends = second + rest
        self.say(
            "coverage",
            whole,
            "Each signature covers the whole document as it stood when it was made.",
            "A signature does not cover the whole document as it stood when it was made.",
        )
        left = len(self.pdf) - ends
        after = self.pdf[ends:].strip(b"\r\n") if left > 0 else b""
        self.say(
            "end",
            not after and not self.trailing,
            "Nothing was added after the last signature or time stamp.",
            f"{len(after)} bytes were added after the last signature or time stamp.",
        )
        self._changes()
        certified = False
        if self.embedded:
            opening = self.embedded[0]
            certified = opening.field_name == ISSUE_FIELD and opening.docmdp_level == MDPPerm.FILL_FORMS
        self.say(
            "issue-seal",
            certified,
            "The service sealed the text before anyone signed.",
            "The first signature is not the seal with which the service fixes the text.",
        )

    def _changes(self) -> None:
        found = list(revisions.changes(self.reader, [str(each.field_name) for each in self.embedded]))
        sentences = {
            revisions.PAGES: "The pages are the same in every revision.",
            revisions.ATTACHMENTS: "The attached files are the same in every revision.",
            revisions.METADATA: "Title and properties are the same in every revision.",
            revisions.STRUCTURE: "Every revision only adds a signature, a seal or a time stamp.",
        }
        for part, good in sentences.items():
            said = [each.says for each in found if each.part == part]
            self.say(part, not said, good, f"Changed after signing: {'; '.join(said[:3])}.")

    def _judge(self) -> None:
        for number, each in enumerate(self.embedded, 1):
            self.signed.append(self._judged(each))
            if self.progress:
                self.progress(number, len(self.embedded))
        doubtful = [f"{each.field} ({each.because})" for each in self.signed if not each.trusted]
        if self.roots:
            fingerprint = self.roots[0].sha256.hex()
            good = f"Every signature comes from the authority that is trusted here (root {fingerprint[:16]})."
        else:
            good = ""
        self.say("authority", not doubtful and not self.unreadable, good, _list("Not vouched for", doubtful))

    def _judged(self, each: EmbeddedPdfSignature) -> Signed:
        sound = self.sound[each.field_name]
        return judge(each, self.roots, sound=sound, now=self.now, stamp_roots=self.stamp_roots)

    def _evidence_checks(self) -> None:
        evidence = self.evidence
        self.say(
            "content-hash",
            evidence.content_problem is None,
            f"The content hash was recomputed and is the printed one: {evidence.content_hash}.",
            f"The content does not hold: {evidence.content_problem}.",
        )
        events = evidence.audit.get("events") or []
        self.say(
            "events",
            evidence.events_problem is None,
            f"The record of {len(events)} events is whole: every hash was recomputed.",
            f"The record of events does not hold: {evidence.events_problem}.",
        )

    def _people(self) -> bool:
        """Whether all who should have signed did, and nobody else; the completion seal counts as one."""
        content = self.evidence.content
        names = {str(p.get("key")): str(p.get("name")) for p in content.get("parties", ()) if isinstance(p, Mapping)}
        signatories = signature_fields(content) if self.evidence.content_problem is None else []
        places = {name: (str(one.get("post")), names.get(str(one["party"]), "")) for name, one in signatories}
        self.signed = outside_told(self.signed, places)
        by_field = {each.field: each for each in self.signed}
        missing, wrong = [], []
        expected = {ISSUE_FIELD, COMPLETION_FIELD, *places}
        for name, (post, organisation) in places.items():
            one = by_field.get(name)
            if one is None:
                missing.append(f"{post}, {organisation}")
            elif not _is_of(one, post, organisation):
                wrong.append(f"{name} is signed by {one.post}, {one.organisation}")
        for each in self.signed:
            if each.kind != "timestamp" and each.field not in expected:
                wrong.append(f"{each.field} was not asked for")
            if each.field in (ISSUE_FIELD, COMPLETION_FIELD) and each.kind != "seal":
                wrong.append(f"{each.field} is not a seal of the service")
        number = len(signatories)
        self.say(
            "signatories",
            not missing and bool(signatories),
            number_said(self.signed, number),
            _list(f"{len(missing)} of {number} required signatures are missing", missing[:6]),
        )
        self.say("posts", not wrong, "Each signature is that of the post named in the text.", _list("Wrong", wrong))
        sealed = COMPLETION_FIELD in by_field
        self.say(
            "completion-seal",
            sealed,
            "The service closed the document after the last signature.",
            "The seal at completion is missing: either not everybody had signed when this copy was taken, or the end "
            "of the file was cut away.",
        )
        return sealed and not missing and bool(signatories)

    def _conclude(self, complete: bool) -> Verdict:
        outcome, headline = self._outcome(complete)
        content = self.evidence.content
        example = bool(content.get("example")) or any(each.example for each in self.signed)
        held = [each.level for each in self.signed if each.kind != "timestamp"]
        levels = [level for level in held if level is not None]
        level = min(levels, key=_LEVELS.index) if levels and len(levels) == len(held) else None
        version = content.get("version")
        return Verdict(
            verdict=outcome,
            headline=headline,
            example=example,
            complete=complete,
            level=level,
            reference=str(content.get("reference") or ""),
            title=str(content.get("title") or ""),
            version=version if isinstance(version, int) else None,
            content_hash=self.evidence.content_hash,
            signatures=tuple(self.signed),
            checks=tuple(self.checks),
            answers={"unchanged_and_ours": headline, "who_signed": self._who(level), "in_force": _IN_FORCE},
        )

    def _outcome(self, complete: bool) -> tuple[Outcome, str]:
        failed = {each.check for each in self.checks if not each.ok}
        ours = any(each.trusted for each in self.signed if each.kind != "timestamp")
        if not self.signed and not self.unreadable:
            return "not_ours", "Not ours: this PDF carries no signature."
        touched = failed - {"authority", "signatories", "completion-seal"}
        if not self.roots:
            doubt = " What can be checked without it does not hold either." if touched else ""
            return "unknown_authority", f"The authority is unknown: no root certificate was given.{doubt}"
        if not ours:
            if not any(self.sound.values()):
                return "changed", "Changed: the bytes are no longer those that were signed."
            return "not_ours", "Not ours: no signature comes from the authority that is trusted here."
        if touched and touched <= set(logs.GIVEN) and complete and "authority" not in failed:
            return "changed", "Changed: the document does not fit the log or the checkpoint that was given with it."
        if touched or "authority" in failed:
            return "changed", "Changed: this is not the document that was signed."
        if not complete:
            return "changed", "Not complete: this is not the whole signed document. What is there is unchanged."
        return "genuine", "Genuine: this document is unchanged and was sealed by the service."

    def _who(self, level: str | None) -> str:
        people = [each for each in self.signed if each.kind == "person" and each.trusted]
        outside = outside_words(self.signed)
        if not people:
            return outside.strip() or "Nobody's signature could be confirmed."
        when = [each.at for each in people if each.at is not None]
        span = f" between {_shown(min(when))} and {_shown(max(when))}" if when else ""
        number = f"{len(people)} people" if len(people) > 1 else "One person"
        listed = f"each is listed with post, organisation and time. Level: {level or 'none'}."
        return f"{number} signed{span}; {listed}{outside}"


_IN_FORCE = (
    "Whether it is in force today cannot be known from the file: it may have been varied, suspended or ended since. "
    "Ask the service, by its reference."
)


def _is_of(one: Signed, post: str, organisation: str) -> bool:
    if one.kind == OUTSIDE:
        return (one.post, one.organisation) == (post, organisation)
    return one.kind == "person" and (one.post, one.organisation) == (shortened(post), shortened(organisation))


def _shown(at: dt.datetime) -> str:
    return moment(at.isoformat())


def _list(title: str, items: Sequence[str]) -> str:
    return f"{title}: {'; '.join(items)}." if items else f"{title}."
