"""What only a machine with an NVIDIA GPU can tell: `python -m bench.card`, one command, one dated table.

packing     small networks per hour, as many on one GPU as fit, against one at a time
freeze      a process's GPU memory moved to the machine's and back: how much, how fast, and whether it trains on alike
starts      from a slot that comes free to the first CUDA kernel of the next trial; a cold process and Ray beside it
looks       what reading the GPUs once a second costs
rehearsal   the same on pretended GPUs, to see that the measuring works; its figures mean nothing
"""
