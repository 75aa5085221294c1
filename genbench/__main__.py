"""``python -m genbench`` is the command line."""

from genbench.cli import main

main()
