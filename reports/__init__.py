"""Record in, one self-contained HTML page out: `write_report(study_folder)`."""

from reports.page import write_report

__all__ = ["write_report"]
