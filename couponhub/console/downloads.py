"""Tables to take along."""

from collections.abc import Generator

from couponhub.server.operations import OperationResponse


def csv_download(content: bytes | Generator[bytes], name: str) -> OperationResponse:
    """Return a table as CSV that a browser keeps as a file.

    Args:
        content: In UTF-8.
        name: The file's, without its ending: letters, digits and hyphens of ours.
    """
    return OperationResponse(
        content=content,
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )
