"""Time stamps (RFC 3161). One rule: if no authority answers rightly, nothing is stamped - never a silent downgrade.

Authorities are asked in order; each answer is checked (status, nonce, imprint) before it counts. The embedded one is
the default and says by its name that it is local.
"""

import asyncio
import datetime as dt
import hashlib
import logging
import secrets
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException
from typing import Protocol

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.sign.general import as_signing_certificate_v2, simple_cms_attribute
from pyhanko.sign.timestamps import TimeStamper as PdfStamper

from dsa.adapters.authority import Authority
from dsa.adapters.certificates import POLICY_TIME_STAMP
from dsa.adapters.stamp_trust import StampTrust, signer_of

_LARGEST_ANSWER = 64 * 1024
_GRANTED = ("granted", "granted_with_mods")
_log = logging.getLogger(__name__)


class TimeStampUnavailable(Exception):
    """No time-stamp authority answered rightly; the sentence names each and why."""


class TimeStamper(Protocol):
    """Whoever answers time-stamp requests: this process, another one, or a service over HTTP."""

    name: str

    def answer(self, request: bytes) -> bytes:
        """The DER TimeStampResp to a DER TimeStampReq. Raises OSError or ValueError where it cannot answer."""
        ...


class EmbeddedTimeStamper:
    """The local time-stamp service of the embedded authority."""

    name = "embedded (local) time-stamp service"

    def __init__(self, authority: Authority) -> None:
        unit = authority.time_stamp_unit()
        self._key = unit.key
        self._certificate = asn1_x509.Certificate.load(unit.certificate.public_bytes(Encoding.DER))
        issuer = authority.issuers["timestamp"].public_bytes(Encoding.DER)
        self._certificates = [self._certificate, asn1_x509.Certificate.load(issuer)]

    def answer(self, request: bytes) -> bytes:
        """Stamp the request's imprint with true time."""
        asked = tsp.TimeStampReq.load(request, strict=True)
        algorithm = asked["message_imprint"]["hash_algorithm"]["algorithm"].native
        if algorithm not in ("sha256", "sha384", "sha512"):
            raise ValueError(f"Only SHA-2 hashes are time-stamped, not {algorithm}.")
        now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        info = {
            "version": "v1",
            "policy": POLICY_TIME_STAMP.dotted_string,
            "message_imprint": asked["message_imprint"],
            "serial_number": secrets.randbits(120) | 1,
            "gen_time": now,
            "accuracy": tsp.Accuracy({"seconds": 1}),
            "tsa": asn1_x509.GeneralName(name="directory_name", value=self._certificate.subject),
        }
        if asked["nonce"].native is not None:
            info["nonce"] = asked["nonce"]
        status = tsp.PKIStatusInfo({"status": tsp.PKIStatus("granted")})
        token = self._token(tsp.TSTInfo(info).dump())
        answer: bytes = tsp.TimeStampResp({"status": status, "time_stamp_token": token}).dump()
        return answer

    def _token(self, info: bytes) -> cms.ContentInfo:
        digest = algos.DigestAlgorithm({"algorithm": "sha256"})
        attributes = cms.CMSAttributes(
            [
                simple_cms_attribute("content_type", "tst_info"),
                simple_cms_attribute("message_digest", hashlib.sha256(info).digest()),
                simple_cms_attribute("signing_certificate_v2", as_signing_certificate_v2(self._certificate)),
            ]
        )
        identifier = {"issuer": self._certificate.issuer, "serial_number": self._certificate.serial_number}
        signer = cms.SignerInfo(
            {
                "version": "v1",
                "sid": cms.SignerIdentifier({"issuer_and_serial_number": cms.IssuerAndSerialNumber(identifier)}),
                "digest_algorithm": digest,
                "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
                "signed_attrs": attributes,
                "signature": self._key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256())),
            }
        )
        content = {"content_type": cms.ContentType("tst_info"), "content": cms.ParsableOctetString(info)}
        signed = {
            "version": "v3",
            "digest_algorithms": cms.DigestAlgorithms((digest,)),
            "encap_content_info": cms.EncapsulatedContentInfo(content),
            "certificates": self._certificates,
            "signer_infos": [signer],
        }
        return cms.ContentInfo({"content_type": cms.ContentType("signed_data"), "content": cms.SignedData(signed)})


class HttpTimeStamper:
    """A time-stamp service elsewhere. ``seconds`` bounds how long it may take to answer."""

    def __init__(self, address: str, trust: StampTrust, *, seconds: float = 10) -> None:
        if not address.startswith(("https://", "http://")):
            raise ValueError(f"A time-stamp service is named by its https:// or http:// address, not {address!r}.")
        self.name, self._address, self._seconds, self._trust = address, address, seconds, trust

    def answer(self, request: bytes) -> bytes:
        """Ask over HTTP (RFC 3161 section 3.4). A stamp that could not be proved later is refused (ValueError)."""
        headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
        asking = urllib.request.Request(self._address, data=request, headers=headers)  # noqa: S310 - checked above
        with urllib.request.urlopen(asking, timeout=self._seconds) as answer:  # noqa: S310
            data: bytes = answer.read(_LARGEST_ANSWER + 1)
        if len(data) > _LARGEST_ANSWER:
            raise ValueError("its answer is too long to be a time stamp")
        response = tsp.TimeStampResp.load(data)
        if response["status"]["status"].native in _GRANTED:
            self._trust.proof(response["time_stamp_token"], at=dt.datetime.now(dt.UTC))
        return data


class FailoverStamper(PdfStamper):
    """Asks each authority in turn; what it returns was checked against what was asked."""

    def __init__(self, authorities: Sequence[TimeStamper]) -> None:
        if not authorities:
            raise ValueError("At least one time-stamp authority is needed.")
        super().__init__()  # type: ignore[no-untyped-call]
        self._authorities = tuple(authorities)
        self.used: str | None = None
        self.token: cms.ContentInfo | None = None

    @property
    def expires(self) -> dt.datetime | None:
        """When the certificate of the last stamp expires."""
        return signer_of(self.token["content"]).not_valid_after if self.token is not None else None

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """A checked token over ``message_digest``. Raises TimeStampUnavailable when every authority failed."""
        failures = []
        for authority in self._authorities:
            nonce, request = self.request_cms(message_digest, md_algorithm)  # type: ignore[no-untyped-call]
            try:
                # in a thread: the library is in the middle of its own loop, and what is asked may take seconds
                answer = await asyncio.to_thread(authority.answer, request.dump())
                token = _checked(answer, nonce=int(nonce), digest=message_digest)
            except (OSError, HTTPException, ValueError, TypeError, KeyError) as error:
                _log.warning("time stamp refused by %s: %s", authority.name, error)
                failures.append(f"{authority.name}: {error}")
                continue
            self.used, self.token = authority.name, token
            return token
        raise TimeStampUnavailable("No time-stamp authority answered rightly. " + "; ".join(failures))


def _checked(answer: bytes, *, nonce: int, digest: bytes) -> cms.ContentInfo:
    response = tsp.TimeStampResp.load(answer)
    status = response["status"]["status"].native
    if status not in _GRANTED:
        raise ValueError(f"it answered {status}")
    token = response["time_stamp_token"]
    info = token["content"]["encap_content_info"]["content"].parsed
    if not isinstance(info, tsp.TSTInfo):
        raise ValueError("its answer holds no time stamp")
    if info["nonce"].native != nonce:
        raise ValueError("its answer belongs to another request")
    if info["message_imprint"]["hashed_message"].native != digest:
        raise ValueError("its answer stamps something else")
    if isinstance(token["content"]["signer_infos"], core.Void) or not token["content"]["signer_infos"]:
        raise ValueError("its answer is not signed")
    return token
