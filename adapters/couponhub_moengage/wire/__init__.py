"""MoEngage's HTTP, as plain values: requests to be sent, replies as they are read. Nothing here does I/O."""

from couponhub_moengage.wire.alerts import WireAlerts
from couponhub_moengage.wire.calls import (
    activate_list_request,
    any_request,
    archive_list_request,
    create_list_request,
    delete_file_request,
    fetch_file_request,
    fetch_files_request,
    fetch_list_request,
    fetch_lists_request,
    update_list_request,
    upload_file_request,
    usage_report_request,
)
from couponhub_moengage.wire.errors import read_error
from couponhub_moengage.wire.replies import ReplyReader, WireFile, WireList, WireRows

__all__ = [
    "ReplyReader",
    "WireAlerts",
    "WireFile",
    "WireList",
    "WireRows",
    "activate_list_request",
    "any_request",
    "archive_list_request",
    "create_list_request",
    "delete_file_request",
    "fetch_file_request",
    "fetch_files_request",
    "fetch_list_request",
    "fetch_lists_request",
    "read_error",
    "update_list_request",
    "upload_file_request",
    "usage_report_request",
]
