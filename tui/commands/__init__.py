"""What `hptui VERB` does, one module per group of verbs, imported only when the verb is used.

`run` starts sessions (`target` is what they are given), `headless` follows one without a screen · `listing`,
`best`, `logs`, `export` read · `wishes` asks a scheduler · `screens` opens the screen · `check`, `doctor`, `lists`
look before anything runs · `remove` deletes. `finding` tells which session is meant, `answers` how all of them print.
"""
