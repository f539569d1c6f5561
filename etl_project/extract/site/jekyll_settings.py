"""What the settings of a Jekyll site say of its posts: defaults, collections, and the files that are left out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl_project.extract.site.globs import translate_fnmatch, translate_glob
from etl_project.extract.site.left_out import LeftOut, any_of, texts_of

if TYPE_CHECKING:
    from etl_project.extract.front_matter.read import Value
    from etl_project.extract.site.site_config import SiteConfig


@dataclass(frozen=True, slots=True)
class DefaultSet:
    """One entry of `defaults` in Jekyll's _config.yml."""

    scope: re.Pattern[str]
    path_length: int
    type: str | None
    values: dict[str, Value]


def parse_default_sets(settings: dict[str, Value]) -> tuple[DefaultSet, ...]:
    """Read `defaults` of Jekyll's _config.yml; malformed entries are skipped.

    Args:
        settings: the settings. A scope may begin with their `collections_dir`; the path of a post does not.
    """
    defaults, root = settings.get("defaults"), _folder(settings.get("collections_dir"))
    sets: list[DefaultSet] = []
    for entry in defaults if isinstance(defaults, list) else []:
        if not isinstance(entry, dict) or not isinstance(values := entry.get("values"), dict):
            continue
        scope = entry.get("scope")
        scope = scope if isinstance(scope, dict) else {}
        path, kind = scope.get("path"), scope.get("type")
        path = path.removeprefix("/") if isinstance(path, str) else ""
        # Older configurations of Jekyll write `post` for `posts`.
        kind = {"post": "posts", "draft": "drafts"}.get(kind, kind) if isinstance(kind, str) else None
        sets.append(DefaultSet(_scope_pattern(path.removeprefix(root)), len(path), kind, values))
    return tuple(sets)


def merge_defaults(sets: tuple[DefaultSet, ...], path: str, kinds: tuple[str, ...]) -> dict[str, Value]:
    """Merge the default values of one post; a narrower scope overrides a wider.

    Args:
        sets: the entries, in the order of the settings.
        path: path of the post.
        kinds: its types. A draft is one of the posts, too.
    """
    merged: dict[str, Value] = {}
    last: DefaultSet | None = None
    for default_set in sets:
        if (default_set.type is not None and default_set.type not in kinds) or not default_set.scope.match(path):
            continue
        if last is None or _has_precedence(default_set, last):
            merged, last = {**merged, **default_set.values}, default_set
        else:
            merged = {**default_set.values, **merged}
    return merged


def root_folder(config: SiteConfig) -> str:
    """Give the folder that collections are in, below the source: `source` and `collections_dir`, a slash at the end.

    Returns:
        An empty text where they are in the source itself.
    """
    return _folder(config.values.get("source")) + _folder(config.values.get("collections_dir"))


def collection_templates(config: SiteConfig) -> dict[str, str | None]:
    """Give the permalink of each collection but `posts` that the site names: its folder -> template.

    Returns:
        None for a collection that Jekyll makes no pages of.
    """
    named = config.values.get("collections")
    labels = texts_of(named) if isinstance(named, list) else list(config.table("collections"))
    templates: dict[str, str | None] = {}
    for label in labels:
        metadata = config.table("collections").get(label)
        metadata = metadata if isinstance(metadata, dict) else {}
        permalink = metadata.get("permalink")
        template = permalink if isinstance(permalink, str) else f"/:collection/:path{permalink_ending(config)}"
        templates[f"_{label}"] = template if metadata.get("output") == "true" else None
    templates.pop("_posts", None)
    return templates


def permalink_ending(config: SiteConfig) -> str:
    """Give the ending that the permalink of the site brings to pages and collections: jekyll, utils.rb."""
    style = config.text("permalink") or "date"
    if style == "pretty" or style.endswith("/"):
        return "/"
    return ":output_ext" if style in ("date", "ordinal", "none") or style.endswith(":output_ext") else ""


def posts_template(config: SiteConfig) -> str | None:
    """Give the permalink of posts that the site states; one for the collection goes before the one for all."""
    metadata = config.table("collections").get("posts")
    permalink = metadata.get("permalink") if isinstance(metadata, dict) else None
    return permalink if isinstance(permalink, str) and permalink else config.text("permalink")


def files_left_out(config: SiteConfig) -> LeftOut:
    """Find the files in folders of posts that Jekyll passes over: jekyll, entry_filter.rb and reader.rb.

    These are what `exclude` names and `include` does not; folders that begin with `_`, `.`, `#` or `~` above `_posts`,
    and first below it; and, where there is a `collections_dir`, what lies outside of it.

    Args:
        config: settings of the site.
    """
    include = texts_of(config.values.get("include"))
    exclude = [text.removeprefix("/") for text in texts_of(config.values.get("exclude")) if text not in include]
    source = re.escape(_folder(config.values.get("source")))
    # A text that is the start of a path counts, too, wherever the name of a folder ends.
    excluded = any_of([*(f"{p}(?:/|$)" for p in map(translate_fnmatch, exclude) if p), *map(re.escape, exclude)])
    included = any_of([re.escape(text.strip("/")) for text in include])
    folder = f"(?:[^_.#~/][^/]*|{included})" if included else "[^_.#~/][^/]*"
    return LeftOut(
        always=f"^{source}{excluded}" if excluded else None,
        hidden="^",
        shown=f"^{re.escape(root_folder(config))}(?:{folder}/)*_(?:posts|drafts)/[^_.#~]",
    )


def _folder(value: Value) -> str:
    """Read a setting that names a folder: its path below the site, a slash at the end; empty for the site itself."""
    path = value.strip().removeprefix("./").strip("/") if isinstance(value, str) else ""
    return f"{path}/" if path not in ("", ".") else ""


def _scope_pattern(path: str) -> re.Pattern[str]:
    """Compile the path of a scope. Only the start of a path is matched, so files below a folder match too."""
    pattern = translate_glob(path) if "*" in path else None
    return re.compile(re.escape(path) if pattern is None else pattern, re.DOTALL)


def _has_precedence(new: DefaultSet, old: DefaultSet) -> bool:
    """Whether a later entry overrides an earlier one: the longer path wins, then one with a type, then the later."""
    if new.path_length != old.path_length:
        return new.path_length > old.path_length
    return new.type is not None or old.type is None
