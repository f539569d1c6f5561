"""The step `report`: write the page of the published file, where `[report] path` asks for one."""

import dagster as dg

from assets.resources import Session


@dg.asset(
    name="report",
    deps=["published_file"],
    group_name="publish",
    kinds={"html", "file"},
    description="One HTML page for people who would rather look than query; it needs no server and no network.",
)
def report(context: dg.AssetExecutionContext, session: dg.ResourceParam[Session]) -> dg.MaterializeResult[None]:
    """Write the page. Whether it can be written or not, the published file stays."""
    settings = session.refresh.settings
    with session.step():
        written = session.write_page(settings)
    if written is None:
        context.log.info("The settings name no page any more: none was written.")
        return dg.MaterializeResult()
    return dg.MaterializeResult(
        metadata={
            "path": dg.MetadataValue.path(written.path),
            "generation": written.refresh,
            "bytes": written.size,
            "milliseconds": written.milliseconds,
        }
    )
