"""What a session has found, for people and other programs.

`export` writes it out line by line, `config` gives a trial's parameters ready to paste, `history` says how the best
came along, `importance` and `slices` what mattered, `pruning` and `what_if` what giving up early cost and saved,
`trust` and `isolation` how sure a result is, `lanes` who ran where and when, `accounting` where the GPU time went,
`diagnosis` what the rules of tuning see, `report` all of it on a page.
May import: errors, study, search, store, space, advice.
"""
