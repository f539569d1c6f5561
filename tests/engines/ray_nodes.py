"""A Ray cluster on loopback, in a process of its own: `python ray_nodes.py FOLDER NODES`.

Prints its address when it has started. Each line of its input is a word, answered with `done`: `lose` ends a
node without a word, `add` starts one. The cluster ends with its input.
"""

from __future__ import annotations

import sys

from ray.cluster_utils import Cluster

NODE = {
    "node_ip_address": "127.0.0.1",
    "num_cpus": 1,
    "include_dashboard": False,
    "object_store_memory": 200 * 1024 * 1024,
}


def main(folder: str, nodes: int) -> None:
    cluster = Cluster(initialize_head=True, shutdown_at_exit=True, head_node_args={**NODE, "temp_dir": folder})
    others = [cluster.add_node(**NODE) for _ in range(nodes - 1)]
    print(cluster.address, flush=True)
    for line in sys.stdin:
        if line.strip() == "lose":
            cluster.remove_node(others.pop(), allow_graceful=False)
        else:
            others.append(cluster.add_node(**NODE))
        print("done", flush=True)
    cluster.shutdown()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
