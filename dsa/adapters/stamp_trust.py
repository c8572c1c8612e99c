"""Trusting time-stamp authorities elsewhere. One rule: a stamp counts only with its chain and a list that covers it.

The directory ``DSA_TSA_TRUST`` holds certificates (self-signed ones are trusted, others only lead there) and revocation
lists; a list that is missing or has run out is fetched from the address in the certificate.
"""

import asyncio
import datetime as dt
import hashlib
import logging
import urllib.request
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from asn1crypto import cms, core, crl, pem, tsp, x509
from pyhanko.sign.validation.generic_cms import validate_sig_integrity
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.authority import CertTrustAnchor
from pyhanko_certvalidator.errors import PathError, ValidationError

_SECONDS = 10.0
_LARGEST = 4 * 1024 * 1024
_CLOCKS_APART = dt.timedelta(minutes=5)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StampProof:
    """What proves a stamp later: DER certificates and lists of its chain, and when its certificate expires."""

    certificates: tuple[bytes, ...]
    lists: tuple[bytes, ...]
    expires: dt.datetime


@dataclass
class StampTrust:
    """Certificates and lists of the authorities that are trusted to say the time."""

    roots: tuple[x509.Certificate, ...]
    others: tuple[x509.Certificate, ...]
    lists: dict[bytes, bytes] = field(default_factory=dict)  # issuer's name (DER) -> its newest list

    def proof(self, token: cms.ContentInfo, *, at: dt.datetime, fetch: bool = True) -> StampProof:
        """What proves a token, which must be right: signed, by a trusted and unrevoked authority, of about ``at``.

        Raises ValueError with the reason where it is not.
        """
        signed = token["content"]
        leaf = signer_of(signed)
        info = signed["encap_content_info"]["content"]
        digest = signed["signer_infos"][0]["digest_algorithm"]["algorithm"].native
        _demand_signed(signed, leaf, digest)
        if abs(info.parsed["gen_time"].native - at) > _CLOCKS_APART:
            raise ValueError("its clock and ours differ by more than five minutes")
        carried = [each.chosen for each in signed["certificates"]]
        path = self._path(leaf, carried, at)
        lists = self._lists_for(path, at, fetch=fetch)
        self._path(leaf, carried, at, lists=lists)
        certificates = dict.fromkeys(each.dump() for each in (*path, *carried))
        expires: dt.datetime = leaf.not_valid_after
        return StampProof(tuple(certificates), tuple(lists), expires)

    def proof_again(self, token: cms.ContentInfo, *, now: dt.datetime) -> StampProof:
        """What proves a stamp that was checked when it was made: its chain as of then, and its lists as of ``now``."""
        signed = token["content"]
        leaf, stamped = signer_of(signed), signed["encap_content_info"]["content"].parsed["gen_time"].native
        carried = [each.chosen for each in signed["certificates"]]
        path = self._path(leaf, carried, stamped)
        certificates = dict.fromkeys(each.dump() for each in (*path, *carried))
        return StampProof(tuple(certificates), tuple(self._lists_for(path, now, fetch=True)), leaf.not_valid_after)

    def knows(self, token: cms.ContentInfo) -> bool:
        """Whether the token comes from an authority that is trusted here."""
        try:
            leaf = signer_of(token["content"])
            carried = [each.chosen for each in token["content"]["certificates"]]
            stamped = token["content"]["encap_content_info"]["content"].parsed["gen_time"].native
            self._path(leaf, carried, stamped)
        except (ValueError, TypeError):
            return False
        return True

    def _path(
        self,
        leaf: x509.Certificate,
        carried: list[x509.Certificate],
        at: dt.datetime,
        lists: Sequence[bytes] | None = None,
    ) -> list[x509.Certificate]:
        """From the leaf to the root that is trusted; with ``lists``, only where they cover and revoke nothing in it."""
        context = ValidationContext(
            trust_roots=[CertTrustAnchor(each) for each in self.roots],
            other_certs=[*carried, *self.others],
            moment=at,
            allow_fetching=False,
            crls=list(lists or ()),
            revocation_mode="soft-fail" if lists is None else "require",
            retroactive_revinfo=True,
        )
        validator = CertificateValidator(leaf, intermediate_certs=[*carried, *self.others], validation_context=context)
        try:
            found = asyncio.run(validator.async_validate_usage(set(), extended_key_usage={"time_stamping"}))
        except (PathError, ValidationError) as error:
            raise ValueError(f"its certificate is not trusted ({_plain(error)})") from error
        return list(found)

    def _lists_for(self, path: list[x509.Certificate], at: dt.datetime, *, fetch: bool) -> list[bytes]:
        """A list of each issuer on the path. Raises ValueError where one cannot be had."""
        found = []
        for certificate in path:
            if certificate.subject == certificate.issuer:
                continue
            name = certificate.issuer.dump()
            kept = self.lists.get(name)
            if (kept is None or _has_run_out(kept, at)) and fetch:
                kept = next(filter(None, map(_fetched, _addresses(certificate))), kept)
            if kept is None:
                issuer = certificate.issuer.human_friendly
                raise ValueError(f"no revocation list of “{issuer}” can be had; put it into DSA_TSA_TRUST")
            self.lists[name] = kept
            found.append(kept)
        return found


def read_trust(directory: Path) -> StampTrust:
    """What lies in a directory: ``.pem``, ``.crt``, ``.cer`` certificates (several in a file) and ``.crl`` lists.

    Raises ValueError that names the file which cannot be read, and where no certificate is trusted.
    """
    found: list[x509.Certificate] = []
    lists: dict[bytes, bytes] = {}
    for path in sorted(directory.iterdir()):
        try:
            if path.suffix in (".pem", ".crt", ".cer"):
                found += [x509.Certificate.load(each, strict=True) for each in parts_of(path.read_bytes())]
            elif path.suffix == ".crl":
                for each in parts_of(path.read_bytes()):
                    lists[crl.CertificateList.load(each, strict=True).issuer.dump()] = each
        except (ValueError, OSError) as error:
            raise ValueError(f"{path} is neither PEM nor DER") from error
    roots = tuple(each for each in found if each.subject == each.issuer)
    if not roots:
        raise ValueError(f"{directory} holds no self-signed certificate, so no time-stamp authority is trusted")
    return StampTrust(roots, tuple(each for each in found if each not in roots), lists)


def signer_of(signed: cms.SignedData) -> x509.Certificate:
    """The certificate of whoever signed a token. Raises ValueError where it is not in the token."""
    if isinstance(signed["signer_infos"], core.Void) or len(signed["signer_infos"]) != 1:
        raise ValueError("it is not signed by one authority")
    if isinstance(signed["certificates"], core.Void):
        raise ValueError("it does not carry the certificate that was asked for")
    serial = signed["signer_infos"][0]["sid"].chosen["serial_number"].native
    for each in signed["certificates"]:
        if each.chosen.serial_number == serial:
            found: x509.Certificate = each.chosen
            return found
    raise ValueError("it does not carry the certificate that was asked for")


def _demand_signed(signed: cms.SignedData, leaf: x509.Certificate, algorithm: str) -> None:
    content = signed["encap_content_info"]["content"]
    if not isinstance(content.parsed, tsp.TSTInfo) or algorithm not in ("sha256", "sha384", "sha512"):
        raise ValueError("it is no time stamp with SHA-2")
    digest = hashlib.new(algorithm, bytes(content)).digest()
    try:
        right, valid = validate_sig_integrity(signed["signer_infos"][0], leaf, "tst_info", digest)
    except Exception as error:  # whatever breaks in a hostile answer, it is no signature
        raise ValueError("its signature cannot be read") from error
    if not right or not valid:
        raise ValueError("its signature is wrong")


def parts_of(data: bytes) -> Iterable[bytes]:
    """The DER bodies of a PEM file with several parts, or the DER bytes themselves."""
    return [body for _, _, body in pem.unarmor(data, multiple=True)] if pem.detect(data) else [data]


def _has_run_out(data: bytes, at: dt.datetime) -> bool:
    until = crl.CertificateList.load(data)["tbs_cert_list"]["next_update"].native
    return until is not None and until <= at


def _addresses(certificate: x509.Certificate) -> list[str]:
    points = certificate.crl_distribution_points_value
    names = [name for point in points or () if isinstance(point["distribution_point"].chosen, x509.GeneralNames)
             for name in point["distribution_point"].chosen]  # fmt: skip
    return [str(each.native) for each in names if each.name == "uniform_resource_identifier"]


def _fetched(address: str) -> bytes | None:
    """The list at an address that a trusted certificate names, or None; it is checked like any other."""
    if not address.startswith(("http://", "https://")):
        return None
    try:
        with urllib.request.urlopen(address, timeout=_SECONDS) as answer:  # noqa: S310 - checked above
            data: bytes = answer.read(_LARGEST + 1)
        body = next(iter(parts_of(data)))
        crl.CertificateList.load(body, strict=True)
        return body if len(data) <= _LARGEST else None
    except (OSError, ValueError) as error:
        _log.warning("the revocation list at %s cannot be had: %s", address, error)
        return None


def _plain(error: Exception) -> str:
    return str(error).split("\n")[0][:200]
