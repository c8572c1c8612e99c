"""The texts that lie in a pack. One rule: they name tools that somebody without this service has or can get.

A line that begins with four spaces is a command that is run as it stands, in the directory of the pack.
"""

from dsa.resources import templates_dir

_PROGRAMS = ("check_events.py", "check_log.py")


def programs() -> dict[str, bytes]:
    """The short programs of the pack by name: they need Python and nothing else."""
    return {name: (templates_dir() / "pack" / name).read_bytes() for name in _PROGRAMS}


def how_to_check(
    reference: str, *, content_hash: str, complete: bool, verify_url: str, trust_url: str, has: set[str]
) -> str:
    """How to check the files of an evidence pack, as plain text. ``has`` are the names of the files in it."""
    state = (
        "The document is complete: everybody has signed, and the service has closed it with its seal."
        if complete
        else "The document is NOT complete: it is as it stood when this pack was made."
    )
    clocks = " --stamp-roots stamp-roots.pem" if "stamp-roots.pem" in has else ""
    log = f" --log {reference}.log.jsonl --checkpoint checkpoint.txt" if "checkpoint.txt" in has else ""
    listed = _FILES + "".join(words for name, words in _WHERE_THERE_IS_ONE.items() if name in has)
    checks = _CHECK + (_LOG if "checkpoint.txt" in has else _NO_LOG) + (_KEY if "log-key.pem" in has else "") + _LAST
    return (_HEAD + listed + _FIRST + checks).format(
        reference=reference,
        hash=content_hash,
        state=state,
        url=verify_url,
        trust=trust_url,
        more=f"{clocks}{log}",
    )


_HEAD = """\
Evidence of data-sharing agreement {reference}
{state}

"""

_FILES = """\
WHAT IS HERE
  {reference}.pdf              the signed document; agreement.json and audit.json are attached inside
  {reference}.agreement.json   the content that was signed, as canonical JSON (RFC 8785)
  {reference}.audit.json       every event with its hash; what one side keeps private stands in it as a hash only
  {reference}.log.jsonl        the full log: the events, every leaf of the log over all agreements, its checkpoint
  {reference}.signatures.json  who signed, on what authority, how they were authenticated, the statement they saw
  signed-outside/              copies of signatures made on paper or in another product, where there are any
  check_events.py, check_log.py   two programs of a page each, to read and run (Python 3, nothing else needed)
  SHA256SUMS                   the hash of each file
"""

# file -> its line in the list
_WHERE_THERE_IS_ONE = {
    "checkpoint.txt": "  checkpoint.txt               the newest signed checkpoint of the log over all agreements\n",
    "log-key.pem": "  log-key.pem                  the public key that signs the checkpoints\n",
    "root.pem": "  root.pem                     the root certificate of the service\n",
    "stamp-roots.pem": "  stamp-roots.pem              the roots of the time-stamp authorities that the service uses\n",
}

_FIRST = """
A line that begins with four spaces is a command; run it in this directory.

FIRST: compare root.pem, and log-key.pem, with what the owner of the service publishes elsewhere. A root that you took
from this pack alone proves nothing. The service shows both, and how to trust them, without an account, at
  {trust}
    openssl x509 -in root.pem -noout -fingerprint -sha256
"""

_CHECK = """
1. The files arrived whole
    sha256sum -c SHA256SUMS

2. The signatures belong to these very bytes (poppler: pdfsig; any reader that shows signatures says the same)
    pdfsig {reference}.pdf
   A reader that does not know root.pem calls the signers unknown. Make root.pem trusted there, or go on with step 3.
   A certificate of a person lives for a day: readers that do not know long-term signatures say "expired".
   pdfsig says of a time stamp "has not yet been verified", and of all but the last "not total document signed": each
   covers what there was when it was made.

3. Signatures, chain, revocation and later changes (Python, package pyhanko-cli)
    pyhanko sign adesverify --trust root.pem --trust-replace {reference}.pdf

4. The content is the one that was signed (qpdf takes it out of the document)
    qpdf --show-attachment=agreement.json {reference}.pdf | sha256sum
   must print {hash}
   which stands on the cover, and so must
    sha256sum {reference}.agreement.json

5. No event was changed, removed or put in between; those in the document, which end when it was issued, are the first
    qpdf --show-attachment=audit.json {reference}.pdf > audit-in-the-document.json
    python3 check_events.py {reference}.audit.json audit-in-the-document.json
"""

_LOG = """
6. The events stand in the service's log, as checkpoint.txt promises. Compare checkpoint.txt with one that was mailed to
   you, or with the public page of checkpoints: then nobody can have made the log anew for this pack. A checkpoint that
   you kept goes on the same line, after the log.
    python3 check_log.py {reference}.audit.json checkpoint.txt {reference}.log.jsonl
"""

_NO_LOG = """
6. The service's log over all agreements had no checkpoint when this pack was made: ask for the pack again.
"""

_KEY = """   The checkpoint is signed by the log's key (Ed25519; OpenSSL 3)
    head -n 4 checkpoint.txt > checkpoint-text
    sed -n 6p checkpoint.txt | cut -d ' ' -f 3 | base64 -d | tail -c 64 > checkpoint-signature
    openssl pkeyutl -verify -rawin -pubin -inkey log-key.pem -in checkpoint-text -sigfile checkpoint-signature
"""

_LAST = """
7. All of it with this service's own program, offline
    dsa verify {reference}.pdf --root root.pem{more}

8. Whether it is in force today cannot be known from a file. Ask at
  {url}
"""
