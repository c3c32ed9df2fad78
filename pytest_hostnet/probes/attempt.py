"""What a single try can find, and trying again under one deadline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tenacity import RetryCallState, Retrying, retry_if_result, wait_exponential

from pytest_hostnet.system.deadline import Deadline

TRY_SECONDS = 2.0
"""Longest single try: a dropped packet gets no answer, so this is how long silence is heard."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The outcome of one try at an address."""

    vantage: str
    """From where: ``host`` or ``node NAME``."""
    target: str
    outcome: str
    """``answered``, ``refused``, ``timed out`` or ``failed``."""
    detail: str
    """HTTP status and first line, or the error's own text."""
    status: int = 0
    """HTTP status; 0 for TCP and where there was no answer."""

    @property
    def answered(self) -> bool:
        """Whether anything answered at all."""
        return self.outcome == "answered"

    def __str__(self) -> str:
        """Tell the outcome in one line."""
        return f"{self.target} from {self.vantage}: {self.outcome} ({self.detail})"


def retry_until(
    attempt: Callable[[], Attempt], wanted: Callable[[Attempt], bool], deadline: Deadline
) -> Attempt:
    """Try until ``wanted`` or until the deadline; return the last attempt either way."""

    def out_of_time(_: RetryCallState) -> bool:
        return deadline.expired

    def last(state: RetryCallState) -> Attempt:
        assert state.outcome is not None
        result: Attempt = state.outcome.result()
        return result

    retrying = Retrying(
        retry=retry_if_result(lambda found: not wanted(found)),
        wait=wait_exponential(multiplier=0.05, max=0.5),
        stop=out_of_time,
        retry_error_callback=last,
    )
    return retrying(attempt)
