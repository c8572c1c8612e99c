"""The tables of the first migration. One rule: what stands here is never changed; a later migration does that."""

from types import ModuleType

from dsa.persistence.first_schema import agreements, documents, moves, organisations, service, tasks

PARTS: tuple[ModuleType, ...] = (service, organisations, agreements, moves, tasks, documents)
