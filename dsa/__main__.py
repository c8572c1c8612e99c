"""``python -m dsa``."""

from dsa.cli import main

main()
