"""The public bodies of the demonstration: real bodies, posts only. One rule: nobody here has a person's name.

Nations decide whose bank holidays count. The powers are what the invented agreements cite; they are illustrations.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DemoBody:
    """A public body with its nation, and the law that its demonstration agreements rest on."""

    code: str
    name: str
    body_type: str
    nation: str
    instrument: str
    section: str
    power_type: str = "implied_statutory"

    @property
    def key(self) -> str:
        """The short name of the body as a party."""
        return self.code.lower()

    def party(self, role: str) -> dict[str, str]:
        """The body as a row of the parties table."""
        return {
            "id": self.key, "name": self.name, "code": self.code, "body_type": self.body_type, "nation": self.nation,
            "role": role,
        }  # fmt: skip


_LOCAL = ("Localism Act 2011", "1")
_CROWN = ("Common law powers of a Minister of the Crown", "")

BODIES: tuple[DemoBody, ...] = (
    DemoBody("DWP", "Department for Work and Pensions", "ministerial_department", "ENG",
             "Social Security Administration Act 1992", "122", "express_statutory"),
    DemoBody("HMRC", "HM Revenue and Customs", "non_ministerial_department", "ENG",
             "Commissioners for Revenue and Customs Act 2005", "17 and 18", "express_statutory"),
    DemoBody("HO", "Home Office", "ministerial_department", "ENG", *_CROWN, "common_law"),
    DemoBody("MOJ", "Ministry of Justice", "ministerial_department", "ENG", *_CROWN, "common_law"),
    DemoBody("DFE", "Department for Education", "ministerial_department", "ENG",
             "Education Act 1996", "537A", "express_statutory"),
    DemoBody("MHCLG", "Ministry of Housing, Communities and Local Government", "ministerial_department", "ENG",
             *_CROWN, "common_law"),
    DemoBody("DEFRA", "Department for Environment, Food and Rural Affairs", "ministerial_department", "ENG",
             *_CROWN, "common_law"),
    DemoBody("DFT", "Department for Transport", "ministerial_department", "ENG", *_CROWN, "common_law"),
    DemoBody("CO", "Cabinet Office", "ministerial_department", "ENG",
             "Local Audit and Accountability Act 2014", "Schedule 9", "express_statutory"),
    DemoBody("SLC", "Student Loans Company", "executive_ndpb", "ENG",
             "Teaching and Higher Education Act 1998", "22", "implied_statutory"),
    DemoBody("DVLA", "Driver and Vehicle Licensing Agency", "executive_agency", "WLS",
             "Road Vehicles (Registration and Licensing) Regulations 2002", "27", "express_statutory"),
    DemoBody("ONS", "Office for National Statistics", "non_ministerial_department", "ENG",
             "Statistics and Registration Service Act 2007", "45", "express_statutory"),
    DemoBody("HMLR", "HM Land Registry", "non_ministerial_department", "ENG",
             "Land Registration Act 2002", "66", "implied_statutory"),
    DemoBody("EA", "Environment Agency", "executive_ndpb", "ENG", "Environment Act 1995", "37", "implied_statutory"),
    DemoBody("SG", "Scottish Government", "devolved_government", "SCT", *_CROWN, "common_law"),
    DemoBody("SSS", "Social Security Scotland", "devolved_agency", "SCT",
             "Social Security (Scotland) Act 2018", "52", "express_statutory"),
    DemoBody("WG", "Welsh Government", "devolved_government", "WLS",
             "Government of Wales Act 2006", "60", "implied_statutory"),
    DemoBody("DFC", "Department for Communities", "devolved_government", "NIR",
             "Social Security Administration (Northern Ireland) Act 1992", "116", "express_statutory"),
    DemoBody("LCC", "Leeds City Council", "local_authority", "ENG", *_LOCAL),
    DemoBody("BHCC", "Brighton & Hove City Council", "local_authority", "ENG", *_LOCAL),
)  # fmt: skip
# The bodies that join them where a world is large: sixteen of England, four of Scotland, two each of the others in all.
MORE_BODIES: tuple[DemoBody, ...] = (
    DemoBody("DESNZ", "Department for Energy Security and Net Zero", "ministerial_department", "ENG",
             *_CROWN, "common_law"),
    DemoBody("PHS", "Public Health Scotland", "devolved_agency", "SCT",
             "Public Health Scotland Order 2019", "5", "implied_statutory"),
    DemoBody("SCTS", "Scottish Courts and Tribunals Service", "devolved_agency", "SCT",
             "Judiciary and Courts (Scotland) Act 2008", "61", "implied_statutory"),
    DemoBody("DOF", "Department of Finance", "devolved_government", "NIR", *_CROWN, "common_law"),
)  # fmt: skip
LARGE_WORLD = (*BODIES, *MORE_BODIES)
BY_CODE = {body.code: body for body in LARGE_WORLD}

# role -> the title of the post
POSTS: dict[str, str] = {
    "drafter": "Data sharing policy lead",
    "information_governance": "Information governance lead",
    "legal": "Legal adviser",
    "data_protection": "Data protection officer",
    "security": "Security adviser",
    "data_owner": "Data owner",
    "signatory": "Deputy director for data",
    "accountable": "Senior responsible owner",
    "operational": "Operational lead",
    "head_of_sharing": "Head of data sharing",
    "administrator": "Administrator",
}
LEADS = ("DWP", "HMRC", "HO", "MOJ", "DFE", "MHCLG", "ONS", "SG", "WG", "LCC")
AUDITOR = ("NAO", "National Audit Office", "Outside auditor")
