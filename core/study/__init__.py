"""What is asked and what is known: studies, trials, commands, and where a session lives on disk.

`file` text to Study (by way of `written`, `overrides`, `checks`, `durations`) · `quick` the study of a bare script ·
`json_schema` for editors. Pure but for `session`, which names paths, and `file`, which looks whether a script exists.
May import: errors, space.
"""
