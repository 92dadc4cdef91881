"""A session in SQLite. `schema` is what it looks like; the scheduler's `writer` and the screen's `mailbox` write it,
everybody's `reader` reads it, `export` and `library` answer the command line. May import: errors, study, space, wire.lock.
"""
