"""Deadlines on a fake clock."""

from __future__ import annotations

import time

import pytest
from fakes.clock import Clock

from pytest_hostnet.system.deadline import Deadline


def test_time_runs_down_to_0_and_no_further(clock: Clock) -> None:
    deadline = Deadline(10, clock=clock)
    assert (deadline.elapsed, deadline.remaining, deadline.expired) == (0, 10, False)
    clock.advance(9)
    assert (deadline.elapsed, deadline.remaining, deadline.expired) == (9, 1, False)
    clock.advance(1)
    assert (deadline.remaining, deadline.expired) == (0, True)
    clock.advance(100)
    assert (deadline.elapsed, deadline.remaining, deadline.expired) == (110, 0, True)


def test_0_seconds_are_over_at_once(clock: Clock) -> None:
    assert Deadline(0, clock=clock).expired


def test_a_negative_time_is_refused() -> None:
    with pytest.raises(ValueError, match="a deadline needs 0 seconds or more, got -1"):
        Deadline(-1)


@pytest.mark.parametrize("jump", [3600, -3600])
def test_a_wall_clock_that_jumps_an_hour_moves_nothing(
    monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    deadline = Deadline(60)
    wall = time.time() + jump
    monkeypatch.setattr(time, "time", lambda: wall)
    assert 59 < deadline.remaining <= 60
    assert not deadline.expired
