"""`python -m bootstrap`: everything the scenarios need, each part only where it is missing."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from types import FrameType

from bootstrap import engine, environment, images, result, toolchain
from bootstrap.context import DEFAULT_KUBERNETES, Context, alone, cache_folder, kubernetes_version
from bootstrap.progress import Board
from bootstrap.steps import Cancelled, Failure, Runner, remove

STEPS = 6  # Python, Docker, kind, node image, nginx image, kubectl
REPOSITORY = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> int:
    """Set up and return the exit code; an error is one line on stderr."""
    options = _parse(arguments)
    signal.signal(signal.SIGTERM, _terminated)  # unwinds like Ctrl-C does
    try:
        set_up(options)
    except Failure as failure:
        print(failure.line(), file=sys.stderr)
        return 1
    except OSError as error:
        cure = "Look at the disk space and the rights of that path, then run make again."
        print(f"error: {error}. {cure}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, Cancelled):
        print("error: interrupted. Run make again, it goes on from here.", file=sys.stderr)
        return 130
    return 0


def set_up(options: argparse.Namespace) -> None:
    """Take the steps in their order."""
    cache = cache_folder()
    version = kubernetes_version(options.kubernetes or DEFAULT_KUBERNETES)
    runner = Runner(cache / "logs" / "setup.log")
    context = Context(cache, runner, Board(STEPS), version, exact=bool(options.kubernetes))
    with alone(cache):
        if options.forget or options.forget_all:
            remove(cache if options.forget_all else cache / "decisions.json")
            return
        environment.ensure(context, REPOSITORY)
        if options.only_python:
            return
        docker = engine.ensure(context)
        kind = toolchain.kind(context)
        choice = images.Chooser(context, options.node_image or None).choose()
        kubectl = result.kubectl(context, choice.node)
        found = result.Result(version, choice.node, kind, kubectl, docker, choice.mapping)
        found.save(REPOSITORY)
    print(f"ready: node image {choice.node}", flush=True)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bootstrap", description=__doc__)
    parser.add_argument(
        "--kubernetes",
        default=os.environ.get("KUBERNETES"),
        help=f"exactly this version, e.g. 1.34.4; otherwise {DEFAULT_KUBERNETES} or a released "
        "one of its minor",
    )
    parser.add_argument(
        "--node-image", default=os.environ.get("NODE_IMAGE"), help="an image to use as it is"
    )
    parser.add_argument("--only-python", action="store_true", help="the Python environment alone")
    parser.add_argument("--forget", action="store_true", help="forget what was decided")
    parser.add_argument("--forget-all", action="store_true", help="delete the whole cache")
    return parser.parse_args(arguments)


def _terminated(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
