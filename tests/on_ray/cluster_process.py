"""A Ray cluster on this machine, in a process of its own: `python cluster_process.py CPUS GPUS NAME...`.

Prints its address, then does what it reads: `kill NAME`, `add NAME`, `quit`. Without names the head has the CPUs.
"""

from __future__ import annotations

import os
import sys

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
STORE_BYTES = 80_000_000


def main() -> None:
    from ray.cluster_utils import Cluster

    cpus, gpus, names = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    has = {"num_cpus": cpus, "num_gpus": gpus, "object_store_memory": STORE_BYTES}
    head = has if not names else {**has, "num_cpus": 0, "num_gpus": 0}
    cluster = Cluster(initialize_head=True, head_node_args={**head, "include_dashboard": False, "node_name": "head"})
    nodes = {name: cluster.add_node(node_name=name, **has) for name in names}
    print("address", cluster.address, flush=True)
    for line in sys.stdin:
        word, *rest = line.split()
        if word == "kill":
            cluster.remove_node(nodes.pop(rest[0]), allow_graceful=False)
        elif word == "add":
            nodes[rest[0]] = cluster.add_node(node_name=rest[0], **has)
        elif word == "quit":
            break
        print("done", *rest, flush=True)
    cluster.shutdown()


if __name__ == "__main__":
    main()
