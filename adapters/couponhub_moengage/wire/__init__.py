"""MoEngage's HTTP, as plain values: requests to be sent, replies as they are read. Nothing here does I/O."""

from couponhub_moengage.wire.calls import (
    any_request,
    create_list_request,
    fetch_file_request,
    fetch_files_request,
    fetch_list_request,
    fetch_lists_request,
    upload_file_request,
    usage_report_request,
)
from couponhub_moengage.wire.errors import read_error
from couponhub_moengage.wire.replies import ReplyReader, Rows, WireFile, WireList

__all__ = [
    "ReplyReader",
    "Rows",
    "WireFile",
    "WireList",
    "any_request",
    "create_list_request",
    "fetch_file_request",
    "fetch_files_request",
    "fetch_list_request",
    "fetch_lists_request",
    "read_error",
    "upload_file_request",
    "usage_report_request",
]
