"""The terms of an agreement for machines, as JSON-LD. One rule: they say nothing that the frozen content does not say.

Purpose, legal basis, data and parties in the Data Privacy Vocabulary (DPV 2.0), what is permitted and prohibited in
ODRL 2.2, the data sets in DCAT 3. Where a vocabulary has no term for an answer, its nearest broader one stands with the
answer as its label.
"""

from collections.abc import Iterable, Mapping
from typing import Any

MADE_BY = "dsa.terms/1"
CONTEXT = {
    "dpv": "https://w3id.org/dpv#",
    "odrl": "http://www.w3.org/ns/odrl/2/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
PURPOSES = {
    "service_delivery": "ServiceProvision", "eligibility": "ServiceProvision", "debt": "PaymentManagement",
    "fraud": "FraudPreventionAndDetection", "crime": "ProtectionOfPublicSecurity", "safeguarding": "PublicBenefit",
    "emergency": "PublicBenefit", "regulation": "LegalCompliance", "policy": "PublicPolicyMaking",
    "research": "ResearchAndDevelopment", "statistics": "ProvideOfficialStatistics", "tax": "PublicBenefit",
    "immigration": "PublicBenefit", "public_health": "ImproveHealthcare",
    "audit": "OrganisationComplianceManagement", "hr": "HumanResourceManagement",
}  # fmt: skip
BASES = {
    "a_consent": ("Consent", "(a)"), "b_contract": ("ContractPerformance", "(b)"),
    "c_legal_obligation": ("LegalObligation", "(c)"), "d_vital_interests": ("VitalInterest", "(d)"),
    "e_public_task": ("OfficialAuthorityOfController", "(e)"), "ea_recognised_interest": ("LegitimateInterest", "(ea)"),
    "f_legitimate_interests": ("LegitimateInterest", "(f)"),
}  # fmt: skip
_ROLES = {
    "independent_controller": "DataController", "joint_controller": "JointDataControllers",
    "processor": "DataProcessor", "sub_processor": "DataSubProcessor",
}  # fmt: skip
_PERSONAL = {"personal", "special_category", "criminal_offence", "pseudonymised"}


def terms(content: Mapping[str, Any]) -> dict[str, Any]:
    """The terms of a frozen version as one JSON-LD document (canonical content in, the same document out)."""
    return _Terms(content).document()


def flat_answers(content: Mapping[str, Any]) -> dict[str, Any]:
    """The answers by question, whatever their section."""
    return {key: value for section in content["answers"].values() for key, value in section.items()}


class _Terms:
    """One document being written."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self.content, self.answers = content, flat_answers(content)
        self.base = f"urn:x-dsa:{content['reference']}:{content['version']}"
        self.parties = {str(party["key"]): party for party in content["parties"]}
        self.givers = self._with_role("discloser", "both")
        self.takers = self._with_role("recipient", "both", "processor", "trusted_third_party")
        self.purposes = [PURPOSES.get(each, "Purpose") for each in _texts(self.answers.get("purpose_type"))]
        self.sets = [row for row in _rows(self.answers.get("datasets")) if row.get("name")]

    def document(self) -> dict[str, Any]:
        """Everything, as one graph."""
        graph = [self._agreement(), self._process(), *self._sets(), *self._parties(), *self._collections()]
        return {"@context": CONTEXT, "@graph": graph}

    def _id(self, *names: object) -> str:
        return ":".join([self.base, *(_slug(str(name)) for name in names)])

    def _with_role(self, *roles: str) -> list[str]:
        return [key for key, party in self.parties.items() if party.get("role") in roles]

    def _agreement(self) -> dict[str, Any]:
        return {
            "@id": self.base,
            "@type": "odrl:Agreement",
            "odrl:uid": {"@id": self.base},
            "dct:identifier": str(self.content["reference"]),
            "dct:title": str(self.content["title"]),
            "dct:conformsTo": MADE_BY,
            "dpv:hasProcess": {"@id": self._id("process")},
            "odrl:permission": self._permissions(),
            "odrl:prohibition": self._prohibitions(),
        }

    def _process(self) -> dict[str, Any]:
        personal = bool(_PERSONAL & set(_texts(self.answers.get("data_kind"))))
        found = {
            "@id": self._id("process"),
            "@type": "dpv:PersonalDataProcess" if personal else "dpv:NonPersonalDataProcess",
            "dpv:hasPurpose": self._purposes(),
            "dpv:hasLegalBasis": self._bases(),
            "dpv:hasPersonalData" if personal else "dpv:hasData": self._items(personal=personal),
            "dpv:hasDataSubject": [
                {"@type": "dpv:DataSubject", "rdfs:label": each} for each in _texts(self.answers.get("subjects"))
            ],
            "dpv:hasDataController": self._refs(k for k in self.parties if "Controller" in self._kind(k)),
            "dpv:hasDataProcessor": self._refs(k for k in self.parties if "rocessor" in self._kind(k)),
            "dpv:hasDataExporter": self._refs(self.givers),
            "dpv:hasRecipient": self._refs(self.takers),
        }
        return {key: value for key, value in found.items() if value}

    def _kind(self, key: str) -> str:
        return _ROLES.get(str(self.parties[key].get("controller_status") or self._own("controller_status", key)), "")

    def _own(self, question: str, key: str) -> Any:
        """A party's own answer; an answer that is not asked for each party is everybody's."""
        value = self.answers.get(question)
        return value.get(key) if isinstance(value, Mapping) else value

    def _refs(self, keys: Iterable[str]) -> list[dict[str, str]]:
        return [{"@id": self._id("party", key)} for key in keys]

    def _purposes(self) -> list[dict[str, Any]]:
        found = [
            {"@type": f"dpv:{PURPOSES.get(each, 'Purpose')}", "rdfs:label": each}
            for each in _texts(self.answers.get("purpose_type"))
        ]
        aims = self.answers.get("aims")
        return [*found, {"@type": "dpv:Purpose", "dct:description": aims}] if isinstance(aims, str) else found

    def _bases(self) -> list[dict[str, Any]]:
        found = []
        for key in self.parties:
            for each in _texts(self._own("art6", key)):
                kind, letter = BASES.get(each, ("LegalBasis", each))
                basis: dict[str, Any] = {"@type": f"dpv:{kind}", "rdfs:label": f"UK GDPR Article 6(1){letter}"}
                law = self._own("art6_law", key)
                if law:
                    basis["dct:source"] = str(law)
                found.append(basis | {"dct:relation": {"@id": self._id("party", key)}})
            for each in _texts(self._own("art9", key)):
                label = f"UK GDPR Article 9(2)({each.partition('_')[0]})"
                basis = {"@type": "dpv:LegalBasis", "rdfs:label": label}
                found.append(basis | {"dct:relation": {"@id": self._id("party", key)}})
        return found

    def _items(self, *, personal: bool) -> list[dict[str, Any]]:
        found = []
        for row in _rows(self.answers.get("data_items")):
            kind = "dpv:Data"
            if personal:
                kind = "dpv:IdentifyingPersonalData" if row.get("identifiability") == "direct" else "dpv:PersonalData"
                kind = "dpv:SpecialCategoryPersonalData" if row.get("special") else kind
            item: dict[str, Any] = {"@type": kind, "rdfs:label": str(row.get("field") or "")}
            if row.get("dataset"):
                item["dct:isPartOf"] = {"@id": self._id("dataset", row["dataset"])}
            found.append(item)
        return found

    def _sets(self) -> list[dict[str, Any]]:
        found = []
        for row in self.sets:
            one: dict[str, Any] = {"@id": self._id("dataset", row["name"]), "@type": "dcat:Dataset"}
            one["dct:title"] = str(row["name"])
            if row.get("controller") in self.parties:
                one["dct:publisher"] = {"@id": self._id("party", row["controller"])}
            if str(row.get("catalogue_link") or "").startswith(("https://", "http://")):
                one["dcat:landingPage"] = {"@id": str(row["catalogue_link"])}
            for key, name in (("period", "dct:temporal"), ("geography", "dct:spatial")):
                if row.get(key):
                    one[name] = {"rdfs:label": str(row[key])}
            found.append(one)
        return found

    def _parties(self) -> list[dict[str, Any]]:
        found = []
        for key, party in self.parties.items():
            kinds = ["odrl:Party", *([f"dpv:{self._kind(key)}"] if self._kind(key) else [])]
            one: dict[str, Any] = {"@id": self._id("party", key), "@type": kinds, "rdfs:label": str(party["name"])}
            groups = [name for name, keys in self._groups().items() if len(keys) > 1 and key in keys]
            if groups:
                one["odrl:partOf"] = [{"@id": self._id(name)} for name in groups]
            found.append(one)
        return found

    def _groups(self) -> dict[str, list[str]]:
        return {"disclosers": self.givers, "recipients": self.takers}

    def _collections(self) -> list[dict[str, Any]]:
        return [
            {"@id": self._id(name), "@type": "odrl:PartyCollection", "rdfs:label": name}
            for name, keys in self._groups().items()
            if len(keys) > 1
        ]

    def _side(self, name: str) -> dict[str, str]:
        keys = self._groups()[name]
        return {"@id": self._id("party", keys[0]) if len(keys) == 1 else self._id(name)}

    def _rule(self, kind: str, action: str, **more: Any) -> dict[str, Any]:
        return {
            "@type": f"odrl:{kind}",
            "odrl:action": {"@id": f"odrl:{action}"},
            "odrl:target": [{"@id": self._id("dataset", row["name"])} for row in self.sets]
            or [{"@id": self._id("data")}],
            "odrl:assigner": self._side("disclosers"),
            "odrl:assignee": self._side("recipients"),
            **{f"odrl:{key}": value for key, value in more.items() if value and key != "comment"},
            **({"rdfs:comment": more["comment"]} if more.get("comment") else {}),
        }

    def _permissions(self) -> list[dict[str, Any]]:
        if not self.givers or not self.takers:
            return []
        found = [self._rule("Permission", "use", constraint=self._limits(), duty=self._duties())]
        onward = self.answers.get("onward_sharing")
        words = _words(self.answers.get("onward_terms"))
        if onward == "prior_consent":
            ask = {"@type": "odrl:Duty", "odrl:action": {"@id": "odrl:obtainConsent"}}
            ask["odrl:consentingParty"] = self._side("disclosers")
            found.append(self._rule("Permission", "distribute", duty=[ask], comment=words))
        elif onward == "listed":
            rows = _rows(self.answers.get("onward_recipients"))
            named = [str(row["recipient"]) for row in rows if row.get("recipient")]
            if named:
                limit = [_constraint("recipient", "isAnyOf", named)]
                found.append(self._rule("Permission", "distribute", constraint=limit, comment=words))
        return found

    def _limits(self) -> list[dict[str, Any]]:
        found = []
        if self.purposes:
            found.append(_constraint("purpose", "isAnyOf", self._purpose_refs()))
        end = self.answers.get("end")
        if isinstance(end, str) and end:
            found.append(_constraint("dateTime", "lteq", {"@value": end, "@type": "xsd:date"}))
        places = self.answers.get("hosting_location")
        named = sorted({c for v in (places.values() if isinstance(places, Mapping) else [places]) for c in _texts(v)})
        if named and self.answers.get("leaves_uk") is False:
            found.append(_constraint("spatial", "isAnyOf", named))
        return found

    def _purpose_refs(self) -> list[dict[str, str]]:
        return [{"@id": f"dpv:{each}"} for each in dict.fromkeys(self.purposes)]

    def _duties(self) -> list[dict[str, Any]]:
        """To delete at the end of each retention period."""
        found = []
        for row in _rows(self.answers.get("retention")):
            if not isinstance(row.get("period"), str):
                continue
            after = _constraint("delayPeriod", "eq", {"@value": row["period"], "@type": "xsd:duration"})
            duty = {"@type": "odrl:Duty", "odrl:action": {"@id": "odrl:delete"}, "odrl:constraint": [after]}
            if row.get("dataset"):
                duty["odrl:target"] = {"@id": self._id("dataset", row["dataset"])}
            if row.get("trigger"):
                duty["rdfs:comment"] = f"counted from: {row['trigger']}"
            found.append(duty)
        return found

    def _prohibitions(self) -> list[dict[str, Any]]:
        if not self.givers or not self.takers:
            return []
        found = []
        uses = _words(self.answers.get("prohibited_uses"))
        if self.purposes:
            other = [_constraint("purpose", "isNoneOf", self._purpose_refs())]
            found.append(self._rule("Prohibition", "use", constraint=other, comment=uses))
        if self.answers.get("onward_sharing") in ("prohibited", "as_law_requires"):
            except_law = "Except as the law requires." if self.answers["onward_sharing"] == "as_law_requires" else ""
            words = except_law or _words(self.answers.get("onward_terms"))
            found += [self._rule("Prohibition", action, comment=words) for action in ("distribute", "grantUse")]
        return found


def _constraint(operand: str, operator: str, value: Any) -> dict[str, Any]:
    return {
        "@type": "odrl:Constraint",
        "odrl:leftOperand": {"@id": f"odrl:{operand}"},
        "odrl:operator": {"@id": f"odrl:{operator}"},
        "odrl:rightOperand": {"@list": value} if isinstance(value, list) else value,
    }


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [value] if isinstance(value, str) else []


def _rows(value: object) -> list[Mapping[str, Any]]:
    """The rows of a table; those of every party where each has its own."""
    if isinstance(value, Mapping):
        return [row for rows in value.values() for row in _rows(rows)]
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def _words(value: object) -> str:
    return value if isinstance(value, str) else ""


def _slug(text: str) -> str:
    """Letters, digits and dashes, so that a name can stand in an identifier."""
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in text).strip("-") or "x"
