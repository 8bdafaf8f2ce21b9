"""`python -m newswatch` is the command `newswatch`."""

from newswatch.cli import main

main()
