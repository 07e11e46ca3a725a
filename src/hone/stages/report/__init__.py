"""Report: everything that is known of a version, as one page or one text."""

from hone.stages.report.gather import Facts, gather
from hone.stages.report.writing import FORMATS, write_report

__all__ = ["FORMATS", "Facts", "gather", "write_report"]
