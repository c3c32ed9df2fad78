"""The closing page's table."""

from __future__ import annotations

import pytest

from pytest_hostnet.glue.report import table

HEAD = ("node", "pod", "port", "state", "proof")


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    rows = [HEAD, ("node-1", "web-abc", "80", "serving", "nginx (pid 5)")]
    assert list(table(rows, 120)) == [
        "  node    pod      port  state    proof",
        "  node-1  web-abc  80    serving  nginx (pid 5)",
    ]


@pytest.mark.parametrize("width", [0, 60, 75, 120])
@pytest.mark.parametrize(
    "proof",
    ["bind() to 0.0.0.0:80 failed " * 7 + "(98: Address in use)", "x" * 170],
    ids=["words", "one-word"],
)
def test_a_long_proof_is_wrapped_under_itself_and_never_cut(width: int, proof: str) -> None:
    first, *lines = list(table([("n", "p", "80", "s", proof)], width))
    start = "  n  p  80  s  "
    assert first.startswith(start)
    assert all(line[: len(start)].strip() == "" for line in lines)
    whole = "".join(line[len(start) :] for line in (first, *lines))
    assert whole.replace(" ", "") == proof.replace(" ", "")
    room = max(40, width - len(start))
    assert all(len(line) <= len(start) + room for line in (first, *lines))
    assert lines


def test_a_row_without_a_proof_is_one_line() -> None:
    assert list(table([("n", "", "", "s", "")], 80)) == ["  n      s"]
