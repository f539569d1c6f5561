"""Print what `etl init` found out about a site, and what to do next."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from etl_project.init.other_sites import describe_sites_within
from etl_project.init.site import FoundSite
from etl_project.init.unread import describe_not_posts, describe_unread
from etl_project.init.zone import machine_zone
from etl_project.settings import find_settings_file
from etl_project.show.console import command, count_of, endings_in_words, safe, shown_path


def show_found_site(site: FoundSite, rules: int, output: Path, warehouse: Path, console: Console) -> None:
    """Print the properties of a sampled site.

    Args:
        site: the site.
        rules: number of rules that were proposed.
        output: the settings file that was written.
        warehouse: the published file that it names.
        console: the console to print to.
    """
    sampled = "it was" if site.files == len(site.bodies) == 1 else f"{len(site.bodies):,} were"
    console.print(
        safe(
            f"{site.folder} is a site of the dialect {site.dialect} with {count_of(site.files, 'post')}; {sampled} "
            f"sampled, and {count_of(rules, 'rule was', 'rules were')} proposed."
        )
    )
    if site.not_read:
        console.print(f"Not read: {endings_in_words(site.not_read)}.")
    for sentence in (
        describe_not_posts(site.not_posts),
        describe_unread(site.unread),
        describe_sites_within(site.folder, site.sites_within),
    ):
        if sentence:
            console.print(safe(sentence))
    if site.is_zone_guessed:
        console.print(
            f"It does not say which time zone it keeps: {site.time_zone} is a guess, as its posts are in "
            f"{site.zone_reason}. Correct time_zone before the first refresh if it is another."
        )
    elif not site.time_zone:
        here = f" This machine keeps {zone}." if (zone := machine_zone()) else ""
        console.print(
            f"It does not say which time zone it keeps: put yours in time_zone before the first refresh.{here}"
        )
    console.print(safe(f"{output} is written; the warehouse will be {shown_path(warehouse)}."))
    console.print("Read it, then run:")
    named = "" if find_settings_file() == output.absolute() else f" --config {output}"
    console.print(safe(f"  {command()} refresh{named}"))
