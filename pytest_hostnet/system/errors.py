"""One error family: what was found, what was expected, what to do next."""

from __future__ import annotations


class HostnetError(Exception):
    """The kit could not do its work: a missing tool, a bad file, a cluster that is not there.

    Never raised for a behaviour that differs from the expected one; that is an AssertionError.
    """

    def __init__(self, found: str, *, expected: str = "", next_step: str = "") -> None:
        """Keep the three parts of the message; ``str()`` joins those that are given."""
        self.found = found
        self.expected = expected
        self.next_step = next_step
        lines = [found]
        if expected:
            lines.append(f"  expected: {expected}")
        if next_step:
            lines.append(f"  next:     {next_step}")
        super().__init__("\n".join(lines))
