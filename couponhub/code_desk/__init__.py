"""Work on code files beside what is configured: what a file would take at each connection, and what was sent before."""

from couponhub.code_desk.desk import CodeDesk
from couponhub.code_desk.outlook import outlook_of, waiting_of

__all__ = ["CodeDesk", "outlook_of", "waiting_of"]
