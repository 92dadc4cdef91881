"""What there is to run trials on, how busy it is, and who holds it.

`inventory` says which devices a session may use and how many trials at once · `readings` looks at them once a
second · `leases` makes a slot belong to one trial of this machine · `nvml` asks the GPUs, `host` the machine
itself · `scripted` plays both from values, for tests. Decides nothing. May import: errors, study.
"""
