"""Clean-up that a signal must not cut short."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from pytest_hostnet.system.signals import interrupt_on_sigterm, uninterrupted


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in background jobs
    yield
    for signum, handler in before.items():
        signal.signal(signum, handler)


def test_ctrl_c_comes_once_the_clean_up_is_done() -> None:
    done = []

    def clean_up() -> None:
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            done.append("cleaned")

    with pytest.raises(KeyboardInterrupt):
        clean_up()
    assert done == ["cleaned"]


def test_without_a_signal_nothing_comes_and_the_handlers_are_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with uninterrupted():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_sigterm_ends_a_run_as_ctrl_c_does() -> None:
    interrupt_on_sigterm()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)


def test_a_handler_of_somebody_else_stays() -> None:
    heard = []
    signal.signal(signal.SIGTERM, lambda *_: heard.append("theirs"))
    interrupt_on_sigterm()
    signal.raise_signal(signal.SIGTERM)
    assert heard == ["theirs"]


def test_other_threads_touch_no_handler() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    failures: list[BaseException] = []

    def elsewhere() -> None:
        try:
            interrupt_on_sigterm()
            with uninterrupted():
                pass
        except BaseException as error:  # noqa: BLE001 - reported by the test itself
            failures.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert failures == []
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
