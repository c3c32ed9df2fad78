"""Shared list+watch streams over the API, and waits that end the moment a verdict is possible."""
