"""The report of a run: report.html."""

from aeexp.present.html.run.report import page, report_page

__all__ = ["page", "report_page"]
