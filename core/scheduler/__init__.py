"""Runs a session: decides in `apply` and `plan` (pure), acts in `world`, turns in `loop`.

`observe -> apply -> plan -> record -> perform`. What is meant to happen is on disk before it happens, and every action
answers with an event, so a scheduler that dies at any moment can be followed by another one (`recover`).
May import every part of core but worker.
"""
