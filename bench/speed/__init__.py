"""How fast hptui is, beside its peers in the same run on the same machine.

`table` is what a result is and how it is written down · `report_path` measures `trial.report` · `sessions` measures
real sessions run from the command line · `screen` measures what a terminal sees · `peers` does the same with others.
"""
