"""Coverage-guided fuzzing of reading a post: whatever the bytes, a post comes out or a Rejection.

Not part of the suite. Install atheris beside the project, then run for ten minutes:

    python tests/fuzz/fuzz_posts.py CORPUS_FOLDER -max_total_time=600 -timeout=10 -rss_limit_mb=2048

The corpus folder is filled with the hostile posts of ../shared when it is empty.
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

import atheris  # type: ignore[import-not-found]

with atheris.instrument_imports(include=["etl_project.extract", "etl_project.dialects"]):
    from etl_project.extract.posts import PostReader
    from etl_project.limits import Limits
    from etl_project.reasons import Rejection
    from etl_project.sources.folder import PinnedFolder
    from etl_project.sources.place import PinnedSource
    from etl_project.sources.source import MentionRule, Rule, Source

READERS = [
    PostReader(
        PinnedSource(
            Source(
                "fuzz",
                Path("/nowhere"),
                dialect=dialect,
                language="en",
                encodings=("utf-8", "gb18030"),
                rules=(
                    Rule("p", r"<>|(https?://\S+)", "original_url"),
                    Rule("p.em_media", "（文章来源：(.+)）", "medium"),
                ),
                mentions=(MentionRule("stock", "[data-code]", "data-code~(?:K )?([0-9A-Z]+).*"),),
            ),
            PinnedFolder(Path("/nowhere")),
        ),
        Limits(),
    )
    for dialect in ("jekyll", "plain", "hugo", "hexo", "zola", "pelican", "obsidian")
]


def read_one(data: bytes) -> None:
    """Read the bytes as a post of one dialect; only a Rejection may come of it, and only text that can be stored."""
    if not data:
        return
    try:
        post = READERS[data[0] % len(READERS)].read("_posts/2021-12-08-a.md", data[1:])
    except Rejection as rejection:
        rejection.message.encode()
        assert rejection.suggestion
        return
    for text in (post.fields.title, post.body.text, post.front_matter.body, *post.fields.tags, *post.body.link_urls):
        (text or "").encode()


def main() -> None:
    """Fill the corpus if it is empty, and fuzz."""
    corpus = Path(next((a for a in sys.argv[1:] if not a.startswith("-")), "fuzz-corpus"))
    corpus.mkdir(exist_ok=True)
    cases = Path(__file__).resolve().parents[3] / "shared/hostile/cases.json"
    if not any(corpus.iterdir()) and cases.exists():
        for number, case in enumerate(json.loads(cases.read_text("utf-8"))["cases"]):
            if content := case.get("content_base64"):
                (corpus / f"seed-{number}").write_bytes(b"\x00" + base64.b64decode(content)[:8192])
    atheris.Setup(sys.argv, read_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
