"""Rules for the furniture of the founding user's posts, which tests of bodies share."""

from __future__ import annotations

from etl_project.sources.source import Rule

RULES = (
    Rule("p.em_media", "（文章来源：(.+)）", "medium"),
    Rule("p", r"<>|((?:https?|javascript):\S*)", "original_url"),
    Rule("p", r"返回.+新闻\s*｜?\s*返回首页"),
)
