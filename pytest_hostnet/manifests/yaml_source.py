"""Safe YAML with positions: every later error can say file and line.

Built on PyYAML's node graph. Refused, each with its place: more bytes, documents, depth or
alias expansion than a manifest needs; tags that construct objects; duplicate keys; keys that
are not text (YAML 1.1 reads ``n:`` and ``on:`` as booleans).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from pytest_hostnet.system.errors import HostnetError

MOST_BYTES = 1_000_000
MOST_DOCUMENTS = 200
MOST_DEPTH = 60
MOST_NODES = 200_000

_SHORT_BOOLEANS = {"y": True, "Y": True, "n": False, "N": False}
"""Booleans in YAML 1.1, and so to kubectl; PyYAML alone reads them as text."""

Where = tuple[str | int, ...]


class SourceError(HostnetError):
    """A file that cannot be used; the text starts with file:line."""


@dataclass(slots=True)
class Document:
    """One YAML document: plain data, and the line of every value in it."""

    path: Path
    data: Any
    lines: dict[Where, int] = field(default_factory=dict)

    def at(self, where: Where = ()) -> str:
        """Return ``file:line`` of the value at ``where``, or of its nearest known parent."""
        while where and where not in self.lines:
            where = where[:-1]
        return f"{self.path}:{self.lines.get(where, 1)}"


def read(path: Path) -> list[Document]:
    """Read a file's non-empty documents. Raises SourceError for anything that is not plain YAML."""
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise SourceError(f"{path}: {size} bytes", expected=f"at most {MOST_BYTES} bytes")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror or error}", expected="a YAML file") from error
    except UnicodeDecodeError as error:
        raise SourceError(f"{path}: byte {error.start} is not UTF-8") from error
    return parse(text, path)


def parse(text: str, path: Path) -> list[Document]:
    """Parse YAML text; ``path`` is what errors call it."""
    documents = []
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _refuse_depth(yaml.parse(text, Loader=loader), path)
        for count, root in enumerate(yaml.compose_all(text, Loader=loader)):
            if count >= MOST_DOCUMENTS:
                raise SourceError(f"{path}: over {MOST_DOCUMENTS} documents")
            if root is None:
                continue
            document = Document(path, None)
            document.data = _Reader(document).value(root, ())
            if document.data is not None:
                documents.append(document)
    except yaml.YAMLError as error:
        raise _unreadable(path, error) from error
    except RecursionError as error:
        raise SourceError(f"{path}: nested deeper than {MOST_DEPTH} levels") from error
    return documents


def _refuse_depth(events: Iterable[yaml.Event], path: Path) -> None:
    """Count depth over events: composing the nodes recurses in C, which crashes the process."""
    depth = 0
    for event in events:
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MOST_DEPTH + 1:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise SourceError(f"{path}:{line}: nested deeper than {MOST_DEPTH} levels")


def _unreadable(path: Path, error: yaml.YAMLError) -> SourceError:
    mark = getattr(error, "problem_mark", None)
    place = f"{path}:{mark.line + 1}" if mark else f"{path}"
    problem = getattr(error, "problem", None) or str(error)
    context = getattr(error, "context", None)
    return SourceError(
        f"{place}: not valid YAML: {problem}{f' ({context})' if context else ''}",
        next_step="check the indentation and quoting at that line",
    )


class _Reader:
    """Turns nodes into plain data, counting what aliases would expand to."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.constructor = yaml.constructor.SafeConstructor()
        self.count = 0

    def value(self, node: yaml.Node, where: Where) -> Any:
        self.count += 1
        line = node.start_mark.line + 1
        self.document.lines[where] = line
        place = f"{self.document.path}:{line}"
        if self.count > MOST_NODES:
            raise SourceError(f"{place}: over {MOST_NODES} values once aliases are expanded")
        if len(where) > MOST_DEPTH:
            raise SourceError(f"{place}: nested deeper than {MOST_DEPTH} levels")
        if isinstance(node, yaml.MappingNode) and node.tag == "tag:yaml.org,2002:map":
            return self._mapping(node, where)
        if isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
            return [self.value(item, (*where, n)) for n, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, place)
        raise SourceError(f"{place}: tag {node.tag!r}", expected="plain mappings, lists and values")

    def _scalar(self, node: yaml.ScalarNode, place: str) -> Any:
        if node.tag == "tag:yaml.org,2002:timestamp":
            return node.value  # JSON, and so Kubernetes, has no dates: they are text
        try:
            return self._plain(node)
        except (yaml.YAMLError, ValueError) as error:
            raise SourceError(
                f"{place}: {node.value[:60]!r} with tag {node.tag!r} is not a plain value",
                expected="text, a number, true, false or null",
            ) from error

    def _plain(self, node: yaml.Node) -> Any:
        if isinstance(node, yaml.ScalarNode) and not node.style and node.value in _SHORT_BOOLEANS:
            return _SHORT_BOOLEANS[node.value]
        return self.constructor.construct_object(node)

    def _mapping(self, node: yaml.MappingNode, where: Where) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            place = f"{self.document.path}:{key_node.start_mark.line + 1}"
            if key_node.tag == "tag:yaml.org,2002:merge":
                raise SourceError(
                    f"{place}: a merge key (<<)",
                    expected="plain keys: merge keys are not read here",
                    next_step="write the merged values out",
                )
            key = self._plain(key_node)
            if not isinstance(key, str):
                shown = key_node.value if isinstance(key_node, yaml.ScalarNode) else "a structure"
                raise SourceError(
                    f"{place}: the key {shown!r} is {_yaml_type(key)} in YAML 1.1",
                    expected="text",
                    next_step=f'put it in quotes: "{shown}"',
                )
            if key in data:
                raise SourceError(f"{place}: the key {key!r} is there twice")
            data[key] = self.value(value_node, (*where, key))
        return data


def _yaml_type(value: object) -> str:
    names = {bool: "a boolean", int: "a number", float: "a number", type(None): "null"}
    return names.get(type(value), f"a {type(value).__name__}")
