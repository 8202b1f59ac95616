"""Record in, one self-contained HTML page out: `write_report(study_folder)`."""

from reports.page import store_report, write_report

__all__ = ["store_report", "write_report"]
