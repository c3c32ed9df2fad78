"""Label selectors, matched here because one unfiltered stream serves every wait."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_hostnet.system.errors import HostnetError
from pytest_hostnet.watching.kinds import Obj

_KEY = r"[A-Za-z0-9](?:[-A-Za-z0-9_./]*[A-Za-z0-9])?"
_TERM = re.compile(
    rf"\s*(?:(?P<absent>!)\s*(?P<no>{_KEY})"
    rf"|(?P<key>{_KEY})\s*(?:(?P<op>==|=|!=)\s*(?P<value>[-A-Za-z0-9_.]*)"
    rf"|\s+(?P<set>in|notin)\s*\((?P<values>[^()]*)\))?)\s*(?:,|$)"
)


@dataclass(frozen=True, slots=True)
class _Term:
    key: str
    values: frozenset[str] | None
    """None: any value, as long as the label is there."""
    negated: bool

    def matches(self, labels: dict[str, str]) -> bool:
        here = self.key in labels
        hit = here if self.values is None else here and labels[self.key] in self.values
        return hit != self.negated


@dataclass(frozen=True, slots=True)
class Selector:
    """A parsed label selector; the empty one matches everything."""

    text: str
    terms: tuple[_Term, ...]

    @classmethod
    def parse(cls, text: str) -> Selector:
        """Read kubectl's own syntax: ``a=b``, ``a!=b``, ``a in (b, c)``, ``a``, ``!a``."""
        terms, at = [], 0
        while text[at:].strip():
            match = _TERM.match(text, at)
            if match is None or match.end() == at:
                raise HostnetError(
                    f"cannot read label selector {text!r} at {text[at:]!r}",
                    expected="terms like app=nginx, tier!=db, app in (a, b), app, !app, "
                    "separated by commas",
                )
            terms.append(_term(match))
            at = match.end()
        return cls(text, tuple(terms))

    def matches(self, obj: Obj) -> bool:
        """Whether the object's labels satisfy every term."""
        labels = obj["metadata"].get("labels") or {}
        return all(term.matches(labels) for term in self.terms)


def _term(match: re.Match[str]) -> _Term:
    if match["absent"]:
        return _Term(match["no"], None, negated=True)
    if match["op"]:
        return _Term(match["key"], frozenset([match["value"]]), negated=match["op"] == "!=")
    if match["set"]:
        values = frozenset(value.strip() for value in match["values"].split(","))
        return _Term(match["key"], values, negated=match["set"] == "notin")
    return _Term(match["key"], None, negated=False)


EVERYTHING = Selector("", ())
