"""What the agreements of the demonstration are about. One rule: invented, ordinary, and marked synthetic."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Theme:
    """One kind of sharing. ``items`` are (field, how it identifies people, why it is needed).

    ``givers`` and ``takers`` are codes of bodies. ``board``: a review board decides, so nobody from Northern Ireland.
    """

    title: str
    givers: tuple[str, ...]
    takers: tuple[str, ...]
    aims: str
    how: str
    function: str
    purposes: tuple[str, ...]
    benefits: tuple[str, ...]
    gain: str
    measure: str
    consequence: str
    dataset: str
    summary: str
    items: tuple[tuple[str, str, str], ...] = ()
    categories: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    people: str = ""
    necessity: str = ""
    band: str = "10000_99999"
    records: int = 24_000
    frequency: str = "monthly"
    method: str = "managed_file_transfer"
    kept: str = "P12M"
    users: int = 8
    decides: bool = True
    sensitive: bool = False
    board: bool = False

    @property
    def personal(self) -> bool:
        """Whether it is about people: then there are items."""
        return bool(self.items)

    @property
    def doc_type(self) -> str:
        """The kind of document that suits it."""
        if not self.personal:
            return "non_personal_data_letter"
        return "data_usage_agreement" if self.frequency == "once" else "memorandum_of_understanding"


_NINO = ("National Insurance number", "direct", "To find the record of the same person without comparing names")
_BORN = ("Date of birth", "quasi", "To tell apart people who have the same name")
_NAME = ("Name", "direct", "To confirm a match before anything is done")
_HOME = ("Postcode", "quasi", "To compare the place without the whole address")

PERSONAL: tuple[Theme, ...] = (
    Theme("Help with energy bills", ("DWP", "SSS", "DFC"), ("MHCLG", "DEFRA", "SG", "LCC"),
          "Give support with energy bills to households on a low income without asking them to apply.",
          "The list of households that get an income-related benefit is compared with the list of those that had "
          "support last winter; those left out get a letter.",
          "Promoting the well-being of people on low incomes", ("service_delivery",), ("decisions_for_people",),
          "About 3,000 households a year get support that they do not ask for today.", "Households left out",
          "Letters would go out after the winter.", "Households on income-related benefits",
          "We tell the body that pays for energy support which households qualify, so that nobody has to apply.",
          (_NINO, _HOME, ("Gets an income-related benefit", "none", "To know who qualifies; the kind is not shared")),
          ("nino", "benefits", "contact"), ("benefit_claimants",), "Adults who got the benefit in the last year.",
          "A yes or no is shared in place of amounts. Asking people to apply leaves out one in three."),
    Theme("Income check for course fees", ("HMRC",), ("SLC", "DFE"),
          "Check declared income before the first payment, so that people are paid the right amount.",
          "Declared income is compared with recorded income; where they differ, an official asks for evidence.",
          "Assessing eligibility for student support", ("eligibility",), ("decisions_for_people",),
          "Students are paid right the first time.", "Overpayments", "Payments would go out unchecked in September.",
          "Income of applicants", "We check the income that applicants declare against tax records.",
          (_NINO, _BORN, ("Income band", "quasi", "To compare it with what was declared; exact sums are not needed")),
          ("nino", "income_tax", "date_of_birth"), ("taxpayers",), "People who applied for support this year.",
          "Income bands are enough in most cases, so exact sums are not shared.", frequency="annually"),
    Theme("Addresses of vehicle keepers for clean air charges", ("DVLA",), ("LCC", "BHCC", "DFT"),
          "Send notices of clean air charges to the right keeper at the right address.",
          "Number plates that were seen in the zone are sent in; names and addresses of keepers come back.",
          "Running a charging scheme under the Transport Act 2000", ("regulation",), ("service_evidence",),
          "Fewer people get a notice that is meant for somebody else.", "Notices sent back",
          "Charges could not be collected, and the zone would have no effect.", "Keepers of vehicles",
          "The council asks who keeps a vehicle that was driven in the clean air zone without paying.",
          (("Registration mark", "quasi", "To name the vehicle"), _NAME, ("Address", "direct", "To send the notice")),
          ("vehicle", "contact", "identity"), ("public",), "Keepers of vehicles that were seen in the zone unpaid.",
          "Only vehicles with an unpaid charge are asked about, never all of them.", frequency="weekly"),
    Theme("Free school meals without a form", ("DWP", "HMRC"), ("DFE", "LCC"),
          "Register families for free school meals without a form.",
          "The names of parents who qualify are compared with the school census.", "Education Act 1996 section 512",
          ("eligibility", "service_delivery"), ("decisions_for_people", "funding"),
          "Children get the meals due to them.",
          "Families not registered", "Families would go on missing meals that they are due.", "Parents who qualify",
          "We tell councils which families qualify, so that no family misses out for want of a form.",
          (_NINO, _BORN, ("Qualifies for free school meals", "none", "To register the family; no amounts are shared")),
          ("nino", "benefits", "date_of_birth"), ("benefit_claimants",), "Parents who get a qualifying benefit.",
          "Only a yes or no is shared.", frequency="termly"),
    Theme("Blue Badge renewals", ("DWP", "SSS"), ("LCC", "BHCC", "SG"),
          "Renew Blue Badges without asking for the same papers again.",
          "Applicants who agree are looked up; the answer is yes or no.",
          "Chronically Sick and Disabled Persons Act 1970 section 21", ("service_delivery",), ("decisions_for_people",),
          "Badges come in days, not weeks.", "Days to renew", "Renewals would go on taking six weeks.",
          "People due to renew", "Councils check with the benefits office whether a person qualifies for a badge.",
          (_NINO, _BORN, ("Qualifies for a badge", "none", "To renew it without further papers")),
          ("nino", "benefits"), ("benefit_claimants",), "People whose badge runs out within three months.",
          "The answer is yes or no; the reason is not shared.", band="1000_9999", records=6_000),
    Theme("Council tax support take-up", ("DWP",), ("LCC", "BHCC"),
          "Find people who are due council tax support and have not claimed it.",
          "The council compares its list with that of people on a low income and writes to those left out.",
          "Local Government Finance Act 1992 section 13A", ("service_delivery",), ("decisions_for_people",),
          "Households pay less, and arrears fall.", "Households not claiming", "Arrears would grow over the winter.",
          "People on a low income", "We help councils to find people who could pay less council tax.",
          (_NINO, _HOME, ("Low-income marker", "none", "To know whom to write to")), ("nino", "benefits"),
          ("benefit_claimants",), "Adults on a low income in the council's area.", "A marker is enough; no sums."),
    Theme("Prison leavers and benefit claims", ("MOJ",), ("DWP",),
          "Have a benefit claim ready on the day that somebody leaves prison.",
          "Release dates are sent two weeks ahead; a work coach prepares the claim with the person.",
          "Offender Management Act 2007 section 14", ("service_delivery",), ("decisions_for_people",),
          "People leave prison with an income, and fewer return.", "Days to first payment",
          "People would leave prison with no income for five weeks.", "People due for release",
          "We tell the benefits office when somebody is about to leave prison, if they want it.",
          (_NAME, _BORN, ("Release date", "quasi", "To have the claim ready on the day")),
          ("identity", "date_of_birth"), ("public",), "People within a month of release who ask for help.",
          "Only those who ask for help are in the list.", band="1000_9999", records=4_000, frequency="weekly"),
    Theme("Flood warnings for people who need help to leave", ("DWP", "WG"), ("EA",),
          "Warn people who need help to leave before a flood.",
          "Addresses in an area at risk are compared with the list of people who need help to leave.",
          "Civil Contingencies Act 2004 section 2", ("emergency",), ("decisions_for_people",),
          "Help is sent to the right doors first.", "Doors knocked in vain", "Help would go out without a list.",
          "People who need help to leave", "In a flood we tell rescuers at which doors help is needed.",
          (("Address", "direct", "To send help to the right door"),
           ("Needs help to leave", "none", "To plan transport")),
          ("contact",), ("public",), "Adults in areas at risk of flooding who asked to be on the list.",
          "People ask to be on the list; the reason is not shared.", frequency="quarterly"),
    Theme("Land ownership for planning", ("HMLR",), ("MHCLG", "DEFRA", "LCC"),
          "Find who owns land that could be built on.", "Titles in an area are listed with their owners.",
          "Planning and Compulsory Purchase Act 2004 section 13", ("policy",), ("policy_evidence",),
          "Plans rest on who really owns the land.", "Plots without a known owner",
          "Local plans would go on without ownership.", "Titles", "Planners see who owns plots that could be built on.",
          (("Title number", "quasi", "To name the plot"), ("Owner", "direct", "To write to the owner")),
          ("property", "identity"), ("public",), "Owners of plots in the areas of new local plans.",
          "Only plots in the plan's area are asked for.", decides=False, frequency="quarterly"),
    Theme("Settled status for right to work checks", ("HO",), ("DWP", "HMRC"),
          "Confirm the right to work in one look, so that nobody sends papers twice.",
          "An officer looks up one person at a time and sees yes or no.", "Immigration Act 2014",
          ("eligibility",), ("service_evidence",), "Fewer people are asked for papers that they cannot show.",
          "Papers asked for twice", "People would wait for payments while papers are checked.", "Status of applicants",
          "Officials check in one look whether somebody may work in the United Kingdom.",
          (_NAME, _BORN, ("May work", "none", "To decide without further papers")), ("identity", "immigration"),
          ("public",), "Adults who claim for the first time.", "Yes or no is shown, nothing else.", frequency="weekly"),
    Theme("Earnings check against fraud", ("HMRC",), ("DWP", "CO"),
          "Find claims for which undeclared earnings were paid.",
          "A sample of claims is compared with recorded earnings; an investigator looks at each difference.",
          "Preventing fraud against a public authority", ("fraud",), ("decisions_for_people",),
          "Money goes to those who are due it.", "False claims", "False claims would go on being paid.",
          "Earnings of a sample of claimants", "Recorded earnings are compared with a sample of claims.",
          (_NINO, ("Earnings by month", "quasi", "To compare them with what was declared")), ("nino", "income_tax"),
          ("benefit_claimants", "taxpayers"), "A sample of people with a claim in the last year.",
          "Sampling was tried with payslips, which are easy to forge.", frequency="once", kept="P6M", board=True,
          sensitive=True),
    Theme("Grants paid twice", ("CO", "HMRC"), ("MHCLG", "DFE"),
          "Find grants that two bodies paid for the same work.",
          "Lists of payments are compared; an investigator looks at each pair.", "Preventing fraud", ("fraud",),
          ("funding",), "Money is paid once.", "Grants paid twice", "Grants would go on being paid twice.",
          "Grant payments to sole traders", "Two bodies compare their lists of grants to find those paid twice.",
          (("Payee", "direct", "To compare who was paid"), ("Amount", "none", "To compare what was paid")),
          ("identity", "company"), ("business_owners",), "Sole traders who got a grant in the last year.",
          "Only payments above a threshold are compared.", frequency="once", kept="P6M", board=True),
)  # fmt: skip

STATISTICS: tuple[Theme, ...] = (
    Theme("Rail use by area", ("DFT",), ("ONS", "SG"), "Publish how rail travel changes by area.",
          "Monthly counts by station are added up to areas.", "Producing official statistics", ("statistics",),
          ("better_statistics",), "Planners see where trains are full.", "Areas without figures",
          "The yearly release would have no rail figures.", "Journeys by station",
          "Counts of rail journeys are used in published statistics.", band="1m_plus", records=1_200_000,
          decides=False),
    Theme("Homes built by month", ("MHCLG",), ("ONS", "WG"), "Publish how many homes are finished each month.",
          "Counts by area are added to the monthly release.", "Producing official statistics", ("statistics",),
          ("better_statistics",), "Everybody sees how building goes.", "Days to publish",
          "The monthly release would be late.", "Finished homes by area", "Counts of new homes are published.",
          band="1000_9999", records=4_200, decides=False),
    Theme("River levels and insurance", ("EA",), ("DEFRA",), "Show where floods are likely.",
          "Levels at gauges are averaged by week.", "Managing flood risk", ("policy",), ("policy_evidence",),
          "People know whether their street floods.", "Streets without a figure", "Maps would stay out of date.",
          "Weekly levels", "Averages of river levels are used in public maps.", band="100000_999999", records=300_000,
          decides=False),
    Theme("Benefit claims by area", ("DWP", "DFC"), ("ONS", "MHCLG"), "Show where claims rise first.",
          "Rounded counts by area and month are published.", "Producing official statistics", ("statistics", "policy"),
          ("trends",), "Help goes to areas before they fall behind.", "Weeks to notice a rise",
          "Nobody would see a rise until the yearly figures.", "Claims by area",
          "Rounded counts of claims are published by area.", band="10000_99999", records=70_000, decides=False),
    Theme("Court waiting times", ("MOJ",), ("ONS",), "Publish how long cases wait by court.",
          "Medians by court and month are published.", "Producing official statistics", ("statistics",),
          ("better_statistics",), "People see how long they will wait.", "Courts without figures",
          "The quarterly release would leave out half of the courts.", "Waiting times by court",
          "Medians of waiting times are published.", band="1000_9999", records=1_800, frequency="quarterly",
          decides=False),
    Theme("School places by ward", ("DFE",), ("LCC", "ONS"), "Plan school places where children will live.",
          "Rounded counts by ward and year are compared with births.", "Providing enough school places", ("policy",),
          ("public_needs",), "Fewer children travel far to school.", "Places short",
          "Schools would be planned on old figures.", "Pupils by ward", "Rounded counts of pupils by ward are used.",
          band="1000_9999", records=2_600, frequency="annually", decides=False),
)  # fmt: skip
