"""The texts that lie in a pack. One rule: they name tools that somebody without this service has or can get."""


def how_to_check(reference: str, *, content_hash: str, complete: bool, verify_url: str) -> str:
    """How to check the files of an evidence pack, as plain text."""
    state = (
        "The document is complete: everybody has signed, and the service has closed it with its seal."
        if complete
        else "The document is NOT complete: it is as it stood when this pack was made."
    )
    return _CHECK.format(reference=reference, hash=content_hash, state=state, url=verify_url)


_CHECK = """\
Evidence of data-sharing agreement {reference}
{state}

WHAT IS HERE
  {reference}.pdf              the signed document; agreement.json and audit.json are attached inside
  {reference}.agreement.json   the content that was signed, as canonical JSON (RFC 8785)
  {reference}.audit.json       every event with its hash; what one side keeps private stands in it as a hash only
  {reference}.signatures.json  who signed, on what authority, how they were authenticated, the statement they saw
  signed-outside/              copies of signatures made on paper or in another product, where there are any
  checkpoint.txt               the newest signed checkpoint of the service's log over all agreements, where there is one
  root.pem                     the root certificate of the service
  SHA256SUMS                   the hash of each file

FIRST: compare root.pem with the fingerprint that the owner of the service publishes elsewhere. A root that you took
from this pack alone proves nothing.
    openssl x509 -in root.pem -noout -fingerprint -sha256

1. The files arrived whole
    sha256sum -c SHA256SUMS

2. The signatures belong to these very bytes (poppler: pdfsig; any reader that shows signatures says the same)
    pdfsig {reference}.pdf
   A reader that does not know root.pem calls the signers unknown. Make root.pem trusted there, or go on with step 3.
   A certificate of a person lives for a day: readers that do not know long-term signatures say "expired".

3. Signatures, chain, revocation and later changes (Python, package pyhanko-cli)
    pyhanko sign adesverify --trust root.pem --trust-replace {reference}.pdf

4. The content is the one that was signed (qpdf takes it out of the document)
    qpdf --show-attachment=agreement.json {reference}.pdf | sha256sum
   must print {hash}
   which stands on the cover, and so must
    sha256sum {reference}.agreement.json

5. No event was changed, removed or put in between (Python, nothing else needed)
    python3 - <<'CHECK'
    import hashlib, json
    audit = json.load(open("{reference}.audit.json", encoding="utf-8"))
    prev = "0" * 64
    for event in audit["events"]:
        body = json.dumps(event["body"], ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        found = hashlib.sha256(prev.encode() + b"\\n" + body).hexdigest()
        assert event["prev"] == prev and event["hash"] == found, event["seq"]
        prev = found
    print("all", len(audit["events"]), "events hold together; the last hash is", prev)
    CHECK
   The document's own audit.json ends when the document was issued: its events must be the first ones here.

6. The events stand in the service's log, as checkpoint.txt promises (Python, nothing else needed). Compare
   checkpoint.txt with one that was mailed to you, or with the public page of checkpoints: then nobody can have made the
   log anew for this pack.
    python3 - <<'CHECK'
    import base64, hashlib, json
    audit = json.load(open("{reference}.audit.json", encoding="utf-8"))
    note = open("checkpoint.txt", encoding="utf-8").read().split("\\n")
    size, root = int(note[1]), base64.b64decode(note[2])
    hashes = dict((event["seq"], event["hash"]) for event in audit["events"])
    def node(*parts):
        return hashlib.sha256(b"".join(parts)).digest()
    for proof in audit["log"]["proofs"]:
        found, here, last = node(b"\\0", bytes.fromhex(hashes[proof["seq"]])), proof["index"], size - 1
        for other in map(bytes.fromhex, proof["path"]):
            if here % 2 or here == last:
                found = node(b"\\1", other, found)
                while here and not here % 2:
                    here, last = here // 2, last // 2
            else:
                found = node(b"\\1", found, other)
            here, last = here // 2, last // 2
        assert last == 0 and found == root, proof["seq"]
    print(len(audit["log"]["proofs"]), "of", len(hashes), "events stand in the log of", size, "leaves")
    CHECK

7. With this service's own program, offline
    dsa verify {reference}.pdf --root root.pem

8. Whether it is in force today cannot be known from a file. Ask at
    {url}
"""
