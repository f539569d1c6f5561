"""What the settings of a Jekyll site say of its posts: where they are, their permalinks, the files left out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from etl_project.extract.field_values import FALSE_WORDS
from etl_project.extract.site.globs import translate_fnmatch
from etl_project.extract.site.jekyll_defaults import collection_labels, folder_of
from etl_project.extract.site.left_out import LeftOut, any_of, texts_of

if TYPE_CHECKING:
    from etl_project.extract.front_matter.read import Value
    from etl_project.extract.site.site_config import SiteConfig


def root_folder(config: SiteConfig) -> str:
    """Give the folder that collections are in, below the source: `source` and `collections_dir`, a slash at the end.

    Returns:
        An empty text where they are in the source itself.
    """
    return folder_of(config.values.get("source")) + folder_of(config.values.get("collections_dir"))


def collection_templates(config: SiteConfig) -> dict[str, str | None]:
    """Give the permalink of each collection but `posts` that the site names: its folder -> template.

    Returns:
        None for a collection that Jekyll makes no pages of.
    """
    templates: dict[str, str | None] = {}
    for label in collection_labels(config.values):
        metadata = config.table("collections").get(label)
        metadata = metadata if isinstance(metadata, dict) else {}
        permalink = metadata.get("permalink")
        template = permalink if isinstance(permalink, str) else f"/:collection/:path{permalink_ending(config)}"
        templates[f"_{label}"] = template if is_on(metadata.get("output")) else None
    templates.pop("_posts", None)
    return templates


def is_on(value: Value) -> bool:
    """Tell whether a setting is on: `true`, `True`, `yes`, and whatever else is neither nothing nor a word for no."""
    return value is not None and not (isinstance(value, str) and value.lower() in FALSE_WORDS)


def permalink_ending(config: SiteConfig) -> str:
    """Give the ending that the permalink of the site brings to pages and collections: jekyll, utils.rb."""
    style = config.text("permalink") or "date"
    if style == "pretty" or style.endswith("/"):
        return "/"
    return ":output_ext" if style in ("date", "ordinal", "none") or style.endswith(":output_ext") else ""


def posts_template(config: SiteConfig) -> str | None:
    """Give the permalink of posts that the site states; one for the collection goes before the one for all.

    That of a collection is a template: the name of a style is the path `/pretty`.
    """
    metadata = config.table("collections").get("posts")
    permalink = metadata.get("permalink") if isinstance(metadata, dict) else None
    if not isinstance(permalink, str) or not permalink:
        return config.text("permalink")
    return permalink if permalink.startswith("/") else f"/{permalink}"


def files_left_out(config: SiteConfig) -> LeftOut:
    """Find the files in folders of posts that Jekyll passes over: jekyll, entry_filter.rb and reader.rb.

    These are what `exclude` names and `include` does not; folders that begin with `_`, `.`, `#` or `~` above `_posts`,
    and first below it; and, where there is a `collections_dir`, what lies outside of it.

    Args:
        config: settings of the site.
    """
    include = texts_of(config.values.get("include"))
    exclude = [text.removeprefix("/") for text in texts_of(config.values.get("exclude")) if text not in include]
    source = re.escape(folder_of(config.values.get("source")))
    # A text that is the start of a path counts, too, wherever the name of a folder ends.
    excluded = any_of([*(f"{p}(?:/|$)" for p in map(translate_fnmatch, exclude) if p), *map(re.escape, exclude)])
    included = any_of([re.escape(text.strip("/")) for text in include])
    folder = f"(?:[^_.#~/][^/]*|{included})" if included else "[^_.#~/][^/]*"
    return LeftOut(
        always=f"^{source}{excluded}" if excluded else None,
        hidden="^",
        shown=f"^{re.escape(root_folder(config))}(?:{folder}/)*_(?:posts|drafts)/[^_.#~]",
    )
