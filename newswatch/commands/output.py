"""How wide may a table be?"""

import sys

from rich.console import Console

UNBOUND = 10_000  # columns, where nobody looks at a screen: grep wants one row on one line


def console() -> Console:
    """For tables: as wide as the terminal, and as wide as they need where there is none."""
    return Console() if sys.stdout.isatty() else Console(width=UNBOUND)
