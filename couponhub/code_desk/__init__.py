"""Work on code files beside what is configured: what a file would take at each connection, and what was sent before."""

from couponhub.code_desk.desk import CodeDesk
from couponhub.code_desk.outlook import ends_after, outlook_of

__all__ = ["CodeDesk", "ends_after", "outlook_of"]
