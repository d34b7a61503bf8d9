"""The way that codes take to a vendor."""

from couponhub.capabilities import Offered
from couponhub.errors import Unsupported
from couponhub.models import FileUrl
from couponhub.protocols import AcceptsFiles, AcceptsFileUrls
from couponhub.uploads.arguments import UploadSource


def route_of(
    source: UploadSource, callback: str | None, offered: Offered, connection: str
) -> AcceptsFiles | AcceptsFileUrls:
    """The adapter, as what takes such a source.

    Raises:
        Unsupported: The vendor does not take it, or reports to no callback; the hint says what to do.
    """
    adapter = offered.adapter
    if isinstance(source, FileUrl):
        if isinstance(adapter, AcceptsFiles) and not isinstance(adapter, AcceptsFileUrls):
            raise Unsupported(
                "this vendor does not fetch files from a URL",
                hint="download the file and send it",
                connection=connection,
            )
        return offered.require(AcceptsFileUrls)
    if isinstance(adapter, AcceptsFiles):
        if callback is not None:
            raise Unsupported(
                "this vendor reports to no callback URL",
                hint="wait for the upload instead",
                connection=connection,
            )
        return adapter
    return offered.require(AcceptsFileUrls)
