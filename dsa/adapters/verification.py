"""Checking a signed agreement, offline. One rule: it says what it checked, and never more than the file can prove.

Three answers are kept apart: is it unchanged and ours; who signed, when, with what authority and level; is it in force
(which no file can know). ``verify`` is what the command and the web page both call.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from asn1crypto import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm, enumerate_sig_fields
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from dsa.adapters import verification_log as logs
from dsa.adapters import verification_revisions as revisions
from dsa.adapters.signatures import ISSUE_FIELD
from dsa.adapters.stamp_trust import parts_of
from dsa.adapters.verification_evidence import Evidence, read_evidence
from dsa.adapters.verification_opening import LARGEST, opened
from dsa.adapters.verification_people import NOT_CLOSED, listed, people_told, who_said
from dsa.adapters.verification_trust import Signed, intact, is_tight, judge
from dsa.adapters.verification_verdict import Check, Outcome, State, Verdict
from dsa.domain.errors import BadInput

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
    """Judge the bytes of a PDF, trusting only ``roots`` (DER or PEM, one or several in each; none: authority unknown).

    ``progress`` is called with (signatures judged, signatures in all); ``log`` are the lines of the agreement's full
    log, which must begin with the events in the document; ``checkpoint`` is one of the service's log that somebody
    kept; ``now`` (UTC) is when it is judged, true time unless given;
    ``stamp_roots`` are trusted to say the time, and for nothing else.

    Raises BadInput with a plain sentence for what is not a readable PDF: another kind of file, encrypted, cut off, too
    large.
    """
    reader = opened(pdf)
    try:
        trusted = [_certificate(each) for given in roots for each in parts_of(given)]
        at = now or dt.datetime.now(dt.UTC)
        examination = _Examination(pdf, reader, trusted, progress, at)
        examination.stamp_roots = [_certificate(each) for given in stamp_roots for each in parts_of(given)]
        return examination.verdict(log, checkpoint)
    except BadInput:
        raise
    except RecursionError as error:
        raise BadInput("This PDF is nested too deeply to be read. It was not made by this service.") from error
    except Exception as error:  # a hostile file may break any part of the parser: that is an answer, not a crash
        raise BadInput("This PDF is damaged: parts of it cannot be read. Ask for the file again.") from error


def _certificate(data: bytes) -> x509.Certificate:
    try:
        certificate = x509.Certificate.load(data)
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
        roots: list[x509.Certificate],
        progress: Progress | None,
        now: dt.datetime,
    ) -> None:
        self.pdf, self.reader, self.roots = pdf, reader, roots
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
        whole = self.evidence.content_problem is None
        self.signed, checks, complete = people_told(self.signed, self.evidence.content, whole=whole)
        self.checks += checks
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
            f"All {number} signatures, seals and time stamps fit the bytes they were made over."
            if number > 1
            else "The only signature fits the bytes it was made over.",
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
        left = len(self.pdf) - ends  # a single empty line counts: what was signed ends where the signature says
        self.say(
            "end",
            left <= 0,
            "Nothing was added after the last signature or time stamp.",
            f"{left} {'byte was' if left == 1 else 'bytes were'} added after the last signature or time stamp.",
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
        self.say("authority", not doubtful and not self.unreadable, good, listed("Not vouched for", doubtful))

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

    def _conclude(self, complete: bool) -> Verdict:
        state, headline = self._outcome(complete)
        content = self.evidence.content
        example = bool(content.get("example")) or any(each.example for each in self.signed)
        held = [each.level for each in self.signed if each.kind != "timestamp"]
        levels = [level for level in held if level is not None]
        level = min(levels, key=_LEVELS.index) if levels and len(levels) == len(held) else None
        version = content.get("version")
        return Verdict(
            state=state,
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
            answers={"unchanged_and_ours": headline, "who_signed": who_said(self.signed, level), "in_force": _IN_FORCE},
        )

    def _outcome(self, complete: bool) -> tuple[State, str]:
        failed = {each.check for each in self.checks if not each.ok}
        ours = any(each.trusted for each in self.signed if each.kind != "timestamp")
        if not self.signed and not self.unreadable:
            return "not_ours", "Not ours: this PDF carries no signature."
        touched = failed - {"authority"} - NOT_CLOSED
        if not self.roots:
            doubt = " What can be checked without it does not hold either." if touched else ""
            return "unknown_authority", f"The authority is unknown: no root certificate was given.{doubt}"
        if not ours:
            if not any(self.sound.values()):
                return "changed", "Changed: the bytes are no longer those that were signed."
            return "not_ours", "Not ours: no signature comes from the authority that is trusted here."
        if touched and touched <= set(logs.GIVEN) and complete and "authority" not in failed:
            return "changed", "Changed: the document does not fit the log or the checkpoint that was given with it."
        if touched == {"end"} and "authority" not in failed:
            return (
                "changed",
                "Changed: bytes were added after the last signature. What stands before them is unchanged.",
            )
        if touched or "authority" in failed:
            return "changed", "Changed: this is not the document that was signed."
        if not complete:
            return "incomplete", "Not complete: this is not the whole signed document. What is there is unchanged."
        return "genuine", "Genuine: this document is unchanged and was sealed by the service."


_IN_FORCE = (
    "Whether it is in force today cannot be known from the file: it may have been varied, suspended or ended since. "
    "Ask the service, by its reference."
)
