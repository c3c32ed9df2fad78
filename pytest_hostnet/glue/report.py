"""The header, and the closing page: each node, which pod holds which port, and the proof."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import astuple
from shutil import get_terminal_size
from typing import Any

import pytest

from pytest_hostnet.glue import options
from pytest_hostnet.glue.pool import POOL, RECORD

_COLUMNS = ("node", "pod", "port", "state", "proof")
_ATTRIBUTE = "hostnet_findings"
_LEAST_ROOM = 40


def header(config: pytest.Config) -> list[str]:
    """Say what stands in for what; a run on stand-ins must not look like any other."""
    lines = []
    if options.wants_scenarios(config):
        image = config.getoption("kind_image", None) or "kind's default"
        lines.append(f"hostnet: scenarios on node image {image}")
    if stand_ins := _stand_ins(config):
        lines.append(f"hostnet: stand-in images: {', '.join(stand_ins)}")
    return lines


def _stand_ins(config: pytest.Config) -> list[str]:
    pairs = [entry.split("=", 1) for entry in options.image_entries(config)]
    # An image that stands for itself is merely loaded from this machine instead of pulled.
    return [f"{stand_in} for {name}" for name, stand_in in pairs if name != stand_in]


def keep_findings(item: pytest.Item, report: pytest.TestReport) -> None:
    """Hang what an item found on its report, as plain data, so that it crosses processes."""
    if report.when != "call":
        return
    if RECORD in item.stash:
        findings = item.stash[RECORD].findings
    else:
        findings = [one for c in item.config.stash[POOL].clusters() for one in c.take_findings()]
    if findings:
        setattr(report, _ATTRIBUTE, [astuple(one) for one in findings])


def summary(terminal: Any) -> None:
    """Write the closing page."""
    if POOL in terminal.config.stash:
        for leftover in terminal.config.stash[POOL].leftovers:
            terminal.write_line(f"hostnet: {leftover}", red=True)
    reports = [
        report
        for group in ("passed", "failed")
        for report in terminal.stats.get(group, ())
        if getattr(report, _ATTRIBUTE, None)
    ]
    if not reports or terminal.config.get_verbosity() < 0:
        return
    terminal.section("hostnet: which pod holds which port, and what proves it", sep="-")
    for report in sorted(reports, key=lambda one: one.nodeid):
        mark = "" if report.passed else " (failed)"
        name = report.nodeid.rpartition("::")[2]
        terminal.write_line(f"{name}{mark}, {report.duration:.1f} s", bold=True)
        rows = [_COLUMNS, *dict.fromkeys(map(tuple, getattr(report, _ATTRIBUTE)))]
        for line in table(rows, get_terminal_size().columns):
            terminal.write_line(line)


def table(rows: list[tuple[str, ...]], width: int) -> Iterator[str]:
    """Lay rows out in columns; the last one is wrapped under itself, never cut."""
    widths = [max(len(row[n]) for row in rows) for n in range(len(_COLUMNS) - 1)]
    indent = 2 + sum(widths) + 2 * len(widths)
    room = max(_LEAST_ROOM, width - indent)
    for row in rows:
        start = "  " + "".join(f"{cell:<{w}}  " for cell, w in zip(row, widths, strict=False))
        first, *rest = textwrap.wrap(row[-1], room) or [""]
        yield (start + first).rstrip()
        for line in rest:
            yield " " * indent + line
