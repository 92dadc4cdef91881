"""What is asked and what is known: studies, trials, commands, and where a session lives on disk.

Pure but for `session`, which only names paths. May import: errors, space.
"""
