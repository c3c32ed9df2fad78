"""`python -m nodeimage --kubernetes v1.37.2`: the build alone."""

from __future__ import annotations

import argparse
import sys

from bootstrap.context import DEFAULT_KUBERNETES, Context, alone, cache_folder, kubernetes_version
from bootstrap.progress import Board
from bootstrap.steps import Cancelled, Failure, Runner
from bootstrap.toolchain import go
from nodeimage.build import STEPS, Build


def main(arguments: list[str]) -> int:
    """Build and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m nodeimage", description=__doc__)
    parser.add_argument("--kubernetes", default=DEFAULT_KUBERNETES, help="e.g. v1.37.2")
    parser.add_argument("--tag", help="name of the image (hostnet/node:VERSION)")
    options = parser.parse_args(arguments)
    cache = cache_folder()
    try:
        version = kubernetes_version(options.kubernetes)
        runner = Runner(cache / "logs" / "nodeimage.log")
        context = Context(cache, runner, Board(STEPS), version)
        with alone(cache):
            build = Build(runner, context.board, cache, version, lambda: go(context))
            build.node(options.tag or f"hostnet/node:{version}")
    except Failure as failure:
        print(failure.line(), file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {error}. Look at the disk space and rights there.", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, Cancelled):
        print("error: interrupted. Run it again, it goes on from here.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
