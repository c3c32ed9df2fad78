"""A scenario file as data, and how it is read: strictly, with file:line for every mistake."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pytest_hostnet.cluster.topology import IPFamily, KubeProxyMode, Topology
from pytest_hostnet.manifests.yaml_source import Document, SourceError, Where, read
from pytest_hostnet.scenario.actions import ACTIONS, Port
from pytest_hostnet.scenario.checks import CHECKS
from pytest_hostnet.scenario.verb import Verb
from pytest_hostnet.system.errors import HostnetError

FILE_NAME = "scenario.yaml"
VERBS: dict[str, type[Verb]] = {**ACTIONS, **CHECKS}


class TopologyFile(BaseModel):
    """The cluster that a scenario needs; scenarios of equal topology share one."""

    model_config = ConfigDict(extra="forbid", strict=True)
    workers: Annotated[int, Field(ge=0, le=20, description="0: one schedulable node in all")] = 0
    kube_proxy_mode: KubeProxyMode = "iptables"
    ip_family: IPFamily = "ipv4"


class ScenarioFile(BaseModel):
    """The keys of a scenario.yaml."""

    model_config = ConfigDict(extra="forbid", strict=True)
    title: str = Field(min_length=1, description="the behaviour, in one sentence")
    source: str = Field(min_length=1, description="what claims it: a document or upstream path")
    explain: str = Field(min_length=1, description="one paragraph for a newcomer")
    topology: TopologyFile = TopologyFile()
    ports: list[Port] = Field(default=[], description="node ports used; must be free at the start")
    steps: list[dict[str, Any]] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Step:
    """One verb with its place in the file."""

    name: str
    verb: Verb
    line: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """A checked scenario, ready to run."""

    path: Path
    title: str
    source: str
    explain: str
    topology: Topology
    ports: tuple[int, ...]
    steps: tuple[Step, ...]

    @property
    def name(self) -> str:
        """The folder's name: the behaviour."""
        return self.path.parent.name


def load_scenario(path: Path) -> Scenario:
    """Read and check a scenario with its manifests; nothing is started.

    Raises SourceError, one line per mistake, each with file:line and what is allowed there.
    """
    documents = read(path)
    if len(documents) != 1:
        raise SourceError(f"{path}: {len(documents)} documents", expected="one scenario")
    document = documents[0]
    try:
        file = ScenarioFile.model_validate(document.data)
    except ValidationError as error:
        raise _mistakes(document, error, (), ScenarioFile) from error
    steps = [_step(document, n, raw) for n, raw in enumerate(file.steps)]
    for n, step in enumerate(steps):
        try:
            step.verb.check(path.parent)
        except SourceError as error:
            place = document.at(("steps", n, step.name))
            raise SourceError(f"{place}: {step.name}: {error}") from error
    return Scenario(
        path,
        file.title,
        file.source,
        file.explain,
        Topology(**file.topology.model_dump()),
        tuple(file.ports),
        tuple(steps),
    )


def _step(document: Document, n: int, raw: dict[str, Any]) -> Step:
    where: Where = ("steps", n)
    names = list(raw)
    if len(names) != 1 or names[0] not in VERBS:
        unknown = next((name for name in names if name not in VERBS), None)
        found = f"unknown verb {unknown!r}" if unknown else f"{len(names)} verbs in one step"
        place = document.at((*where, unknown) if unknown else where)
        raise SourceError(
            f"{place}: {found}{_guess(unknown, VERBS)}",
            expected="one of " + ", ".join(VERBS),
        )
    name = names[0]
    kind, value = VERBS[name], raw[name]
    if kind.shorthand and not isinstance(value, dict):
        value = {kind.shorthand: value}
    try:
        verb = kind.model_validate(value)
    except ValidationError as error:
        raise _mistakes(document, error, (*where, name), kind) from error
    return Step(name, verb, document.lines.get((*where, name), 1))


def _mistakes(
    document: Document, error: ValidationError, base: Where, model: type[BaseModel]
) -> HostnetError:
    lines = []
    for one in error.errors():
        loc = tuple(one["loc"])
        place = document.at((*base, *loc))
        keys = _keys_at(model, loc[:-1])
        allowed = f"allowed: {', '.join(keys)}"
        if one["type"] == "extra_forbidden":
            text = f"unknown key {loc[-1]!r}{_guess(loc[-1], keys)}; {allowed}"
        elif one["type"] == "missing":
            text = f"the key {loc[-1]!r} is missing; {allowed}"
        else:
            what = ".".join(map(str, loc)) or (str(base[-1]) if base else "the file")
            problem = one["msg"].removeprefix("Value error, ")
            if one["type"] == "model_type":
                problem = f"keys and values must be given ({allowed})"
            text = f"{what}: {problem}, found {_shown(one['input'])}"
        lines.append(f"{place}: {text}")
    return SourceError("\n".join(lines))


def _keys_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    for part in loc:
        field = model.model_fields.get(str(part))
        if field is None or not isinstance(field.annotation, type):
            break
        if issubclass(field.annotation, BaseModel):
            model = field.annotation
    return list(model.model_fields)


def _guess(name: object, known: dict[str, type[Verb]] | list[str]) -> str:
    close = get_close_matches(str(name), list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:80] + "…"
