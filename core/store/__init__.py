"""A session in SQLite.

`schema` and `migrations` are what it looks like. `create` makes one, the scheduler's `writer` and the
screen's `mailbox` write it, everybody's `reader` reads it, `library` knows which there are. `place` and
`checkpoint` keep it safe, `codec` and `faults` turn values and errors into ours. May import: errors, study,
space, wire.
"""
