"""What each machine of a cluster did, in words."""

from __future__ import annotations

from collections.abc import Mapping

from etl_project.engines.engine import NodeWork
from etl_project.show.console import bytes_in_words, count_of


def nodes_in_words(nodes: Mapping[str, NodeWork]) -> str:
    """Say what each machine did: posts, bytes, and the seconds of its processes together; by their names."""
    return ", ".join(
        f"{name}: {count_of(work.posts, 'post')} ({bytes_in_words(work.bytes)}) in {work.seconds:.1f} s"
        for name, work in sorted(nodes.items())
    )
