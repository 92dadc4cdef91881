"""What scripts and notebooks call: `Session` (reads), `ask_tell` (a sampler, nothing else), `run` (starts a session).

`hptui` itself exports these on first use. Leans on search, store, review and, to start, the scheduler's launch.
"""
