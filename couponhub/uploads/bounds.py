"""The bounds of an upload: whether it fits is found out before anything is sent."""

from collections.abc import Callable

import attrs

from couponhub.errors import Conflict
from couponhub.models import CouponList, FileUrl
from couponhub.protocols import Limits
from couponhub.state import UploadRecord

SizeOf = Callable[[FileUrl], int | None]
"""Tells the bytes of a file that lies elsewhere; None where that cannot be found out."""


def unknown_size(file: FileUrl) -> int | None:  # noqa: ARG001 - a `SizeOf`
    """Find nothing out."""
    return None


@attrs.frozen(kw_only=True)
class Bounds:
    """The limits of one connection's uploads, overrides applied; 0 is none.

    Attributes:
        limits: Flat names; `list_codes` is the most codes of a list, `file_bytes` of a file.
        size_of: Asks for the size of a file that lies elsewhere.
    """

    connection: str
    limits: Limits
    size_of: SizeOf

    def check_room(self, coupon_list: CouponList, upload: UploadRecord) -> None:
        """Refuse an upload that the list has no room for; a list that does not tell its total has.

        Raises:
            Conflict: With it, the list would hold more codes than the vendor lets it.
        """
        most, total = self.limits.get("list_codes", 0), coupon_list.total
        # Of a file that lies elsewhere the rows are not known: one at least.
        more = sum(1 if part.shown.rows is None else part.shown.rows for part in upload.parts)
        if not most or total is None or not more or total + more <= most:
            return
        raise Conflict(
            f"the list has been given {total:,} codes, and {more:,} more would cross the {most:,} that the vendor"
            " lets it have; nothing was sent",
            hint=f"send them to another list, or set limits.list_codes of {self.connection} if the vendor allows more",
            connection=self.connection,
            operation="send codes",
        )

    def warnings(self, file: FileUrl) -> tuple[str, ...]:
        """Tell what is known to go wrong with a file that lies elsewhere."""
        most = self.limits.get("file_bytes", 0)
        size = self.size_of(file) if most else None
        if size is None or size <= most:
            return ()
        return (
            f"the file has {size:,} bytes, and the vendor fetches at most {most:,}: it may end as failed; split it",
        )
