"""etl.toml and the ETL_* environment in, one `Settings` out; a bad setting is named with its line and the remedy."""

from etl_project.settings.without_plugins import without_plugins

with without_plugins():
    from etl_project.settings.problems import line_of
    from etl_project.settings.read import SettingsError, find_settings_file, read_settings
    from etl_project.settings.tables import AlertSettings, ScheduleSettings, Settings, WarehouseSettings

__all__ = [
    "AlertSettings",
    "ScheduleSettings",
    "Settings",
    "SettingsError",
    "WarehouseSettings",
    "find_settings_file",
    "line_of",
    "read_settings",
]
