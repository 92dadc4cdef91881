"""What a trial and the scheduler say to each other: both sides import this, neither imports the other.

`request` starts a trial · `spool` carries its reports to the scheduler · `control` carries verdicts and wishes back ·
`claim` settles whether a trial's process exists · `wake` rings the scheduler's bell · `lock` tells who schedules a
session. May import: errors, study.
"""
