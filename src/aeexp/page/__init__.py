"""The report of a run: one page that needs no network and no other file."""

from aeexp.page.page import page, report

__all__ = ["page", "report"]
