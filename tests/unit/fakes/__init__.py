"""Strict stand-ins: an API server, programs on PATH, a clock."""
