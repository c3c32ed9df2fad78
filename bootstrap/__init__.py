"""Sets a machine up for the scenarios: Python, Docker, kind, node images. Standard library only."""
