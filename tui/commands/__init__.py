"""What `hptui VERB` does, one module per group of verbs, imported only when the verb is used.

`run` starts sessions, `headless` follows one without a screen, `listing` and `export` read, `wishes` asks a scheduler,
`screens` opens the screen, `doctor` and `check` look before anything runs. `answers` is how all of them print.
"""
