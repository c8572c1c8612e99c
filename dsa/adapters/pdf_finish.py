"""Last touches on the written PDF. One rule: it claims PDF/A-3a and PDF/UA-1 together, and holds to both.

WeasyPrint writes one conformance claim, text fields where we want places for signatures, and each attachment twice;
everything a signature will later fill in is made here, in the base revision, so that signing adds nothing untagged.
"""

import re

import pydyf

from dsa.adapters import pdf_font

_UA_CLAIM = (
    b'<rdf:Description xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" rdf:about="" pdfuaid:part="1" />'
    b'<rdf:Description xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" '
    b'xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" '
    b'xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#" rdf:about="">'
    b'<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">'
    b"<pdfaSchema:schema>PDF/UA Universal Accessibility Schema</pdfaSchema:schema>"
    b"<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>"
    b"<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>"
    b'<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">'
    b"<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType>"
    b"<pdfaProperty:category>internal</pdfaProperty:category>"
    b"<pdfaProperty:description>Part of ISO 14289 to which the document conforms</pdfaProperty:description>"
    b"</rdf:li></rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"
)


def finish(pdf: pydyf.PDF, stamp_font: bytes) -> None:
    """Make the places for signatures, the second conformance claim and the list of attachments right."""
    _claim_accessibility(pdf)
    _single_attachments(pdf)
    _unwrap_form_tags(pdf)
    _make_signature_fields(pdf, stamp_font)


def _at(pdf: pydyf.PDF, reference: bytes) -> pydyf.Object:
    return pdf.objects[int(reference.split()[0])]


def _claim_accessibility(pdf: pydyf.PDF) -> None:
    metadata = _at(pdf, pdf.catalog["Metadata"])
    whole = b"".join(part if isinstance(part, bytes) else bytes(part) for part in metadata.stream)
    metadata.stream = [whole.replace(b"</rdf:RDF>", _UA_CLAIM + b"</rdf:RDF>", 1)]


def _single_attachments(pdf: pydyf.PDF) -> None:
    associated = pdf.catalog.get("AF")
    if associated is not None:
        pdf.catalog["AF"] = pydyf.Array(dict.fromkeys(associated))


def _unwrap_form_tags(pdf: pydyf.PDF) -> None:
    # Difference analysis follows a field through K, not through K[0].
    for each in pdf.objects:
        if isinstance(each, pydyf.Dictionary) and each.get("S") == "/Form":
            kids = each.get("K")
            if isinstance(kids, list) and len(kids) == 1:
                each["K"] = kids[0]


def _make_signature_fields(pdf: pydyf.PDF, stamp_font: bytes) -> None:
    form = pdf.catalog.get("AcroForm")
    if form is None:
        return
    form.pop("NeedAppearances", None)
    # Where a later signature finds the font for its appearance.
    font = pydyf.Dictionary({pdf_font.NAME: pdf_font.embed(pdf, stamp_font)})
    form["DR"] = pydyf.Dictionary({"Font": font})
    names = {"Type": "/XObject", "Subtype": "/Form"}
    for reference in form["Fields"]:
        field = _at(pdf, reference)
        for key in ("DA", "V", "MaxLen", "Ff"):
            field.pop(key, None)
        field["FT"] = "/Sig"
        left, bottom, right, top = _straight(field["Rect"])
        field["Rect"] = pydyf.Array([left, bottom, right, top])
        box = pydyf.Array([0, 0, round(right - left, 3), round(top - bottom, 3)])
        blank = pydyf.Stream([b" "], pydyf.Dictionary({**names, "BBox": box, "Resources": pydyf.Dictionary()}))
        pdf.add_object(blank)
        field["AP"] = pydyf.Dictionary({"N": blank.reference})


def _straight(rectangle: pydyf.Array) -> tuple[float, float, float, float]:
    numbers = [float(n) for n in (re.findall(r"-?[\d.]+", rectangle) if isinstance(rectangle, str) else rectangle)]
    xs, ys = sorted(numbers[0::2]), sorted(numbers[1::2])
    return round(xs[0], 3), round(ys[0], 3), round(xs[1], 3), round(ys[1], 3)
