"""What runs in a trial's process, and the fork server that makes those processes.

`fork_server` imports once (`preload`, `script`) and forks (`spare`) · `process` turns the fresh process into a trial's
(`environ` holds its tag) · `runner` runs the objective and writes how it went (`outcome`) · `link` is the trial's end
of the wire · `trial` is what the user's function gets (`suggest`, `checkpoint`) · `program` runs any command line
(`arguments`, `patterns`, `lines`).

May import: errors, space, study, wire; torch only when the user's script has loaded it.
"""
