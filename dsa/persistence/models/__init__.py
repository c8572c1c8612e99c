"""The tables, split by noun. One rule: nothing outside ``persistence`` imports these."""

from dsa.persistence.models.administration import (
    Counter,
    Definition,
    DigestLine,
    Mail,
    NoticeChoice,
    OutboxRow,
    SettingRow,
)
from dsa.persistence.models.agreements import Agreement, Contact, Edited, Party, SectionAnswers, Version
from dsa.persistence.models.audit import AuditLeaf, AuditNode, CheckpointRow
from dsa.persistence.models.base import Base, table
from dsa.persistence.models.directory import (
    Appointment,
    CalendarDay,
    Closure,
    Delegation,
    OfficeHoursRow,
    Organisation,
    Person,
    Post,
)
from dsa.persistence.models.documents import Document, Signature, StoredFile
from dsa.persistence.models.exports import Export
from dsa.persistence.models.figures import (
    Counted,
    MonthFigure,
    OpenWork,
    OwnedBy,
    StageFigure,
    Tally,
    TeamFigure,
    WeekFigure,
)
from dsa.persistence.models.history import Event, Note, SpellRow, StageEntry
from dsa.persistence.models.imports import Import, ImportedCase, ImportLine, IndicatorConsent, Paper
from dsa.persistence.models.insight import Figure, ForecastRow, NewestForecast
from dsa.persistence.models.outside import OutsideSignature
from dsa.persistence.models.signins import AccessRecord, Attempt, Look, SignIn
from dsa.persistence.models.timetable import TimetableAsked, TimetableDay, TimetableProposal
from dsa.persistence.models.work import Approval, ChangeRequest, Comment, ConditionRow, HoldRow, Query, Task

__all__ = [
    "AccessRecord",
    "Agreement",
    "Appointment",
    "Approval",
    "Attempt",
    "AuditLeaf",
    "AuditNode",
    "Base",
    "CalendarDay",
    "ChangeRequest",
    "CheckpointRow",
    "Closure",
    "Comment",
    "ConditionRow",
    "Contact",
    "Counted",
    "Counter",
    "Definition",
    "Delegation",
    "DigestLine",
    "Document",
    "Edited",
    "Event",
    "Export",
    "Figure",
    "ForecastRow",
    "HoldRow",
    "Import",
    "ImportLine",
    "ImportedCase",
    "IndicatorConsent",
    "Look",
    "Mail",
    "MonthFigure",
    "NewestForecast",
    "Note",
    "NoticeChoice",
    "OfficeHoursRow",
    "OpenWork",
    "Organisation",
    "OutboxRow",
    "OutsideSignature",
    "OwnedBy",
    "Paper",
    "Party",
    "Person",
    "Post",
    "Query",
    "SectionAnswers",
    "SettingRow",
    "SignIn",
    "Signature",
    "SpellRow",
    "StageEntry",
    "StageFigure",
    "StoredFile",
    "Tally",
    "Task",
    "TeamFigure",
    "TimetableAsked",
    "TimetableDay",
    "TimetableProposal",
    "Version",
    "WeekFigure",
    "table",
]
