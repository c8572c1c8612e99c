"""Workflows and forms as published. One rule: an agreement stays on the version that it began with."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.errors import NotFound, Refused
from dsa.domain.form import Form
from dsa.domain.form_reading import build_form
from dsa.domain.integrity import digest
from dsa.domain.machine import Flow
from dsa.domain.permissions import Grant, grants
from dsa.domain.workflow import Workflow
from dsa.domain.workflow_reading import read_workflow
from dsa.persistence import definitions as stored


@dataclass
class Definitions:
    """Compiled workflows and forms by (id, version); built once, shared, never changed."""

    _flows: dict[tuple[str, int], Flow] = field(default_factory=dict)
    _tables: dict[tuple[str, int], tuple[Grant, ...]] = field(default_factory=dict)
    _forms: dict[tuple[str, int], Form] = field(default_factory=dict)
    _hashes: dict[tuple[str, str, int], str] = field(default_factory=dict)

    def flow(self, session: Session, name: str, version: int) -> Flow:
        """The machine of a published workflow version."""
        found = self._flows.get((name, version))
        if found is None:
            found = Flow(read_workflow(self._content(session, "workflow", name, version)))
            self._flows[name, version] = found
        return found

    def table(self, session: Session, name: str, version: int) -> tuple[Grant, ...]:
        """The permission table of a published workflow version."""
        found = self._tables.get((name, version))
        if found is None:
            found = self._tables[name, version] = grants(self.flow(session, name, version).workflow)
        return found

    def form(self, session: Session, name: str, version: int) -> Form:
        """A published form version."""
        found = self._forms.get((name, version))
        if found is None:
            found = build_form(self._content(session, "form", name, version))
            self._forms[name, version] = found
        return found

    def hash_of(self, session: Session, kind: str, name: str, version: int) -> str:
        """The hash under which a definition was published."""
        if (kind, name, version) not in self._hashes:
            self._content(session, kind, name, version)
        return self._hashes[kind, name, version]

    def newest(self, session: Session, kind: str, name: str) -> int:
        """The newest published version of a workflow or form."""
        version = stored.newest(session, kind, name)
        if version is None:
            raise NotFound("No %(kind)s called “%(name)s” is published here.", kind=kind, name=name)
        return version

    def for_route(self, session: Session, route: str) -> Flow:
        """The newest published workflow that serves a route."""
        for name in stored.names(session, "workflow"):
            flow = self.flow(session, name, self.newest(session, "workflow", name))
            if route in flow.workflow.serves:
                return flow
        raise NotFound("No workflow is published for the route “%(route)s”.", route=route)

    def in_use(self, session: Session) -> list[Workflow]:
        """The newest version of each published workflow, the standard route's first."""
        names = stored.names(session, "workflow")
        found = [self.flow(session, name, self.newest(session, "workflow", name)).workflow for name in names]
        return sorted(found, key=lambda workflow: ("standard" not in workflow.serves, workflow.id))

    def _content(self, session: Session, kind: str, name: str, version: int) -> Any:
        row = stored.find(session, kind, name, version)
        if row is None:
            raise NotFound("Version %(version)s of “%(name)s” is not published here.", version=version, name=name)
        self._hashes[kind, name, version] = row.hash
        return json.loads(row.content)


def publish(session: Session, sources: Iterable[tuple[str, Any]], *, at: datetime) -> list[str]:
    """Publish each (kind, data) that is new here; returns what was published, as "kind id version".

    Raises Refused when a version that is published already comes with other content: give it the next number.
    """
    done = []
    for kind, data in sources:
        name, version = str(data.get("id") or data.get("form")), int(data["version"])
        content = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()  # the order of options counts
        row = stored.find(session, kind, name, version)
        if row is None:
            text = content.decode()
            stored.add(session, kind=kind, name=name, version=version, digest=digest(content), content=text, at=at)
            done.append(f"{kind} {name} {version}")
        elif row.hash != digest(content):
            raise Refused(
                "The %(kind)s “%(name)s” version %(version)s is published already with other content. "
                "A published version never changes: give the file the next version number.",
                kind=kind,
                name=name,
                version=version,
            )
    return done
