"""What a verb of the scenario vocabulary is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from pytest_hostnet.cluster.namespace import Namespace, Pods


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a verb acts: the scenario's folder and its namespace on the cluster."""

    folder: Path
    namespace: Namespace

    def pods(self, selector: str) -> Pods:
        """Select pods of the scenario."""
        return self.namespace.pods(selector)


class Verb(BaseModel):
    """One step: its fields are the keys that the YAML may give; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    helper: ClassVar[Any]
    """The function or method that this verb is another spelling of."""
    shorthand: ClassVar[str] = ""
    """The field that a bare value stands for: ``apply: a.yaml`` sets ``manifest``."""

    def check(self, folder: Path) -> None:
        """Find mistakes that show without a cluster; raises SourceError."""

    def run(self, stage: Stage) -> None:
        """Do it. Raises AssertionError (a check that does not hold) or HostnetError."""
        raise NotImplementedError

    def given(self, *without: str) -> dict[str, Any]:
        """Return the fields that the YAML gave, so that every default stays the helper's own."""
        return self.model_dump(exclude_none=True, exclude=set(without))
