"""A machine of stub programs: what is on PATH is what a test put there, and every call is noted."""

from __future__ import annotations

from pathlib import Path


class Machine:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.bin = root / "bin"
        self.bin.mkdir()
        self.log = root / "calls"
        self.log.touch()

    def program(self, name: str, does: str = "exit 0") -> Path:
        path = self.bin / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >> "{self.log}"\n{does}\n')
        path.chmod(0o755)
        return path

    def docker(
        self, *images: str, engine: str = "28.0", pulls: str = "exit 1", then: str = ""
    ) -> Path:
        """A docker client whose engine has these images."""
        known = "|".join(images) or "no-image-at-all"
        return self.program(
            "docker",
            f"""case "$1 $2" in
            "info "*) echo "{engine}" ;;
            "image inspect") for last; do :; done; case $last in {known}) ;; *) exit 1 ;; esac; {then} ;;
            "pull "*) {pulls} ;;
            esac""",
        )

    @property
    def calls(self) -> list[str]:
        return self.log.read_text().splitlines()
