"""Scenarios: YAML whose every verb is one helper, checked strictly before any cluster exists."""
