"""The report of a run: one page that needs no network and no other file."""

from aeexp.present.html.run.page import page, report_page

__all__ = ["page", "report_page"]
