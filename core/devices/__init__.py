"""What there is to run trials on, how busy it is, and who holds it.

`inventory` says which devices a session may use and how many trials at once · `readings` looks at them once a
second · `leases` makes a share of a GPU belong to one trial of this machine · `nvml` asks the GPUs, `xid` hears their
errors, `host` asks the machine itself · `visible` reads CUDA_VISIBLE_DEVICES · `held` and `freezer` know memory and
CUDA's checkpoints · `scripted` plays devices from values, for tests. Decides nothing. May import: errors.
"""
