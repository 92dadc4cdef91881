"""`python -m hptui` is the `hptui` command."""

from hptui.tui.cli import main

main()
