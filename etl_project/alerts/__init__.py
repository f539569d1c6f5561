"""Alerts: tell a program or a web address that a refresh failed or works again."""
