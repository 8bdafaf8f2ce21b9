"""Says in one sentence when this system or Python is not supported. Run by whatever Python is there, old ones too."""

import platform
import sys

SYSTEMS = ("Linux",)
MACHINES = ("x86_64", "aarch64")
PYTHONS = ((3, 11), (3, 12), (3, 13))

found = "%s on %s with Python %d.%d" % ((platform.system(), platform.machine()) + tuple(sys.version_info[:2]))
if (
    platform.system() not in SYSTEMS
    or platform.machine() not in MACHINES
    or tuple(sys.version_info[:2]) not in PYTHONS
    or platform.python_implementation() != "CPython"
):
    sys.exit(
        "newswatch runs on Linux (x86_64, aarch64) with CPython 3.11, 3.12 or 3.13, and this is %s; "
        "choose another Python with `make PYTHON=python3.12 ...`." % found
    )
