"""`python -m aeexp`."""

from aeexp.app.cli import main

main()
