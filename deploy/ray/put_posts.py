"""Puts the files of a folder into a bucket that it makes, for compose.yaml: `python put_posts.py FOLDER BUCKET`."""

import os
import sys
import time
import urllib.request
from pathlib import Path

from obstore.store import S3Store

MOST_SECONDS = 60


def main(folder: Path, bucket: str) -> None:
    """Wait for the store, make the bucket, and put every file below the folder."""
    end = time.monotonic() + MOST_SECONDS
    while True:
        try:
            make = urllib.request.Request(f"{os.environ['AWS_ENDPOINT_URL']}/{bucket}", method="PUT")
            urllib.request.urlopen(make, timeout=5).close()
            break
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(1)
    store = S3Store(bucket, client_options={"allow_http": True})
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        store.put(file.relative_to(folder).as_posix(), file.read_bytes())


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
