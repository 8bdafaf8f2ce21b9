"""Which program of the stream runs here? `python -m stream annotate`, `python -m stream cluster`."""

import sys

from wire.errors import Misconfigured
from wire.settings import load


def main(program: str) -> int:
    """Run one program; its exit code."""
    if program == "annotate":
        from stream.annotate_main import run_annotate

        return run_annotate(load())
    if program == "cluster":
        from stream.cluster_main import run_cluster

        return run_cluster(load())
    raise Misconfigured(f"no program {program!r} here: annotate or cluster")


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:2] or [""]))
    except Misconfigured as error:
        sys.exit(f"{error}")
