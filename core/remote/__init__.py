"""Trials on the nodes of a Ray cluster, behind the same scheduler.

`far` is what the scheduler has in place of its own children: it asks a `bridge`, a process of its own that alone speaks
with Ray (`cluster` connects and counts, `joining` says why it can't, `slots` are brought up and told, `comings` tells
the ledger of them, `mirror` keeps the session's files). On the nodes a `slot`, an actor that holds what Ray lends a
trial, starts our own runner and tells what its files say (`outbox`). `words` is what they say to each other.
`python -m hptui.core.remote FOLDER` is the scheduler of such a session.

May import: errors, study, wire, devices, scheduler; ray only in `cluster`, `slots` and `orders`, and on
the nodes in `shell`.
"""
