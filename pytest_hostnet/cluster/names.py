"""Names that no other run has: clusters, namespaces, firewall rules."""

from __future__ import annotations

import re
import secrets


def unique(*parts: str) -> str:
    """Return a DNS label of at most 50 characters that starts with ``hostnet`` and is unique."""
    text = "-".join(part for part in parts if part)
    clean = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return "-".join(
        part for part in ("hostnet", clean[:33].strip("-"), secrets.token_hex(3)) if part
    )
