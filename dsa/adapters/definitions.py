"""Reading definition files (forms, workflows, lists of bodies) from YAML, with the line of everything in them.

One rule: a file is data. No tags, no anchors, no code; whatever cannot be plain data is refused with its line.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from yaml.reader import ReaderError

from dsa.domain.definition import Book, DefinitionError, DefinitionProblem, Sheet, path_text
from dsa.domain.form import Form
from dsa.domain.form_reading import build_form
from dsa.domain.rules import Body

MAX_BYTES = 1_000_000
MAX_DEPTH = 24
MAX_NODES = 100_000
MIN_ABBREVIATION = 3
Step = tuple[str | int, ...]


class _PlainLoader(yaml.SafeLoader):
    """The safe loader without dates and without yes/no/on/off as true and false: what is written is what is read."""


_PlainLoader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":bool", ":merge", ":value"))
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _letter, _word in (("t", "true"), ("f", "false")):
    _PlainLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(f"{_word}\\Z"), [_letter])


def load_yaml(path: Path) -> tuple[Any, dict[Step, int]]:
    """The data of a YAML file, and the line of each path in it; raises DefinitionError in plain sentences."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise _refused(f"{path.name} cannot be read: {error.strerror or 'unknown reason'}.") from error
    return parse_yaml(raw, name=path.name)


def parse_yaml(raw: bytes, *, name: str = "the file") -> tuple[Any, dict[Step, int]]:
    """The same from bytes that were already read."""
    if len(raw) > MAX_BYTES:
        raise _refused(f"{name} is larger than {MAX_BYTES:,} bytes.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise _refused(f"{name} is not UTF-8 text.", line) from error
    try:
        return _Reading(_PlainLoader(text), name).whole()
    except yaml.MarkedYAMLError as error:
        raise _refused(f"{name} is not well-formed YAML: {_said(error)}.", _line(error)) from error
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise _refused(f"{name} holds a character that YAML does not allow.", line) from error
    except RecursionError as error:
        raise _refused(f"{name} is nested too deeply.") from error


def load_form(path: Path) -> Form:
    """The form in a YAML file; raises DefinitionError with every problem in it."""
    data, lines = load_yaml(path)
    return build_form(data, lines=lines)


def load_bodies(path: Path) -> tuple[Body, ...]:
    """The public bodies in a YAML file; raises DefinitionError with every problem in it."""
    data, lines = load_yaml(path)
    book = Book(lines)
    sheet = Sheet(data, (), book)
    found = tuple(_body(one) for one in sheet.sheets("bodies"))
    sheet.finish()
    if book.problems:
        raise DefinitionError(book.problems)
    return found


def _body(sheet: Sheet) -> Body:
    body = Body(
        name=sheet.text("name", required=True),
        abbreviations=sheet.texts("abbreviations"),
        also=sheet.texts("also"),
        part_of=sheet.text("part_of"),
        overseer=sheet.flag("overseer"),
    )
    if any(len(short) < MIN_ABBREVIATION for short in body.abbreviations):
        sheet.say("abbreviations", f"an abbreviation needs at least {MIN_ABBREVIATION} letters.")
    sheet.finish()
    return body


class _Reading:
    """Turns the events of one document into plain data with lines, within limits of depth and size."""

    def __init__(self, loader: yaml.SafeLoader, name: str) -> None:
        self.loader, self.name = loader, name
        self.lines: dict[Step, int] = {}
        self.problems: list[DefinitionProblem] = []
        self.count = 0

    def whole(self) -> tuple[Any, dict[Step, int]]:
        """The whole document."""
        self._limits()
        node = self.loader.get_single_node()
        if node is None:
            raise _refused(f"{self.name} is empty.", 1)
        data = self._value(node, ())
        if self.problems:
            raise DefinitionError(self.problems)
        return data, self.lines

    def _limits(self) -> None:
        """Look through the events once before anything is built: depth, number of things, anchors and tags."""
        depth = 0
        for event in yaml.parse(self.loader.buffer.rstrip("\0"), Loader=yaml.SafeLoader):
            line = event.start_mark.line + 1 if event.start_mark else None
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise _refused(f"{self.name} uses an anchor or alias (& or *), which is not allowed.", line)
            if getattr(event, "tag", None):
                raise _refused(f"{self.name} uses a tag (!), which is not allowed.", line)
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            self.count += 1
            if depth > MAX_DEPTH:
                raise _refused(f"{self.name} is nested more than {MAX_DEPTH} deep.", line)
            if self.count > MAX_NODES:
                raise _refused(f"{self.name} holds more than {MAX_NODES:,} things.", line)

    def _value(self, node: yaml.Node, path: Step) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, (*path, number)) for number, item in enumerate(node.value)]
        return self._scalar(node, path)

    def _scalar(self, node: yaml.Node, path: Step) -> Any:
        try:
            return self.loader.construct_object(node)
        except (ValueError, OverflowError, yaml.YAMLError):
            self._say(node, f'"{str(node.value)[:40]}" cannot be read as a value; put it in quotes.', path)
            return None

    def _mapping(self, node: yaml.MappingNode, path: Step) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._say(key_node, "a key should be one word, not a list or a set.", path)
                continue
            key = str(key_node.value)
            if key in found:
                self._say(key_node, f'"{key}" stands here twice.', (*path, key))
                continue
            self.lines[(*path, key)] = key_node.start_mark.line + 1
            found[key] = self._value(value_node, (*path, key))
        return found

    def _say(self, node: yaml.Node, message: str, path: Step) -> None:
        self.problems.append(DefinitionProblem(message, place=path_text(path), line=node.start_mark.line + 1))


def _refused(message: str, line: int | None = None) -> DefinitionError:
    return DefinitionError([DefinitionProblem(message, line=line)])


def _line(error: yaml.MarkedYAMLError) -> int | None:
    mark = error.problem_mark or error.context_mark
    return mark.line + 1 if mark else None


def _said(error: yaml.MarkedYAMLError) -> str:
    said = str(error.problem or error.context or "it cannot be parsed").replace("\n", " ")
    unquoted = "got '?'" in said or "mapping values are not allowed" in said
    return f"{said}; a text with a question mark or a colon in it goes in quotes" if unquoted else said
