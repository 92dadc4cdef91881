"""What a session has found, for people and other programs.

`export` writes it out line by line, `config` gives a trial's parameters ready to paste, `convergence` says how the best
came along, `lanes` who ran where and when, `accounting` where the GPU time went. May import: errors, study, search, store, space.
"""
