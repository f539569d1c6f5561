"""What the process has calculated from which runs are forked (launcher.py), beside the definitions that it imports."""

import gc

from assets.graph import ASSETS
from assets.lineage import with_origins

with_origins(*ASSETS)
gc.freeze()  # memory that no collection touches stays shared with the runs
