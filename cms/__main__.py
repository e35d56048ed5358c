"""``python -m cms`` is the command ``cms``."""

from cms.cli import main

main()
