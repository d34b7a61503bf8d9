"""The acts of whoever types commands are in the audit log, each once."""

import getpass

from couponhub.state import AuditEvent, StoreSettings, open_state
from tests.kit.cli import CUSTOMER, SOON, CliRunner


def acts(cli: CliRunner) -> list[AuditEvent]:
    """The audit log, the oldest event first."""
    url = f"sqlite:///{cli.folder.as_posix()}/state/couponhub.db"
    with open_state(StoreSettings(url=url)) as state:
        return [*state.audit.page(at_most=1000).events[::-1]]


def test_what_commands_do_is_written_down_once(cli: CliRunner) -> None:
    """Lists, uploads, jobs, tokens, exports and people who are forgotten; what only reads is not; nobody is named in it."""
    list_id = cli.list_id("moengage")
    codes = cli.write("codes.csv", "code", "AUDIT-CODE-1", "AUDIT-CODE-2")
    people = cli.write("people.csv", "mobile", CUSTOMER)

    def run(*words: str, code: int = 0) -> str:
        ran = cli("-o", "json", *words)
        assert code == ran.code, ran.err
        return ran.out

    run("lookup", "--mobile", CUSTOMER, "--connection", "capillary")
    run("lists", "update", "moengage", list_id, "--name", "another")
    run("uploads", "send", "moengage", list_id, codes, "--dry-run")
    run("uploads", "send", "moengage", list_id, codes, "--wait")
    upload = next(event.reference for event in acts(cli) if event.action == "send_upload") or ""
    run("uploads", "report", upload, "--out", "rows.csv")
    run("uploads", "pause", upload)
    run("uploads", "cancel", upload)
    run("uploads", "rm", upload, "--yes")
    run("lists", "archive", "moengage", list_id, "--yes")
    run("lists", "activate", "moengage", list_id, *SOON)
    run("lists", "archive", "moengage", "no-such-list", "--yes", code=4)
    run("export", "customers", "capillary", people, "--out", "coupons.csv")
    run("call", "capillary", "GET", "/v1.1/no/such/thing", code=4)
    run("call", "capillary", "DELETE", "/v1.1/no/such/thing", "--yes", code=4)
    run("token", "new", "--scope", "lookup", "--name", "till")
    run("token", "new", "--scope", "lookup", "--name", "till", code=2)
    run("token", "rm", "till")
    run("forget", "--mobile", CUSTOMER, "--yes")

    found = acts(cli)
    at_list = ("moengage", list_id)
    assert [
        ("create_list", "done", "moengage", None, list_id),
        ("update_list", "done", *at_list, None),
        ("send_upload", "done", *at_list, upload),
        ("download_row_report", "done", *at_list, upload),
        ("pause_job", "done", *at_list, upload),
        ("cancel_job", "done", *at_list, upload),
        ("delete_upload", "done", *at_list, upload),
        ("archive_list", "done", *at_list, None),
        ("activate_list", "done", *at_list, None),
        ("archive_list", "failed", "moengage", "no-such-list", None),
        ("export_customers", "done", "capillary", None, found[10].reference),
        ("call_vendor", "failed", "capillary", None, "DELETE"),
        ("make_token", "done", None, None, found[12].reference),
        ("make_token", "failed", None, None, None),
        ("remove_token", "done", None, None, found[12].reference),
        ("forget_customers", "done", None, None, None),
    ] == [(one.action, one.outcome, one.connection, one.list_id, one.reference) for one in found]
    assert {(f"local:{getpass.getuser()}", None)} == {(one.who, one.request_id) for one in found}
    assert str(found[10].reference).startswith("ex_")
    assert str(found[12].reference).startswith("till (")
    written = repr(found)
    assert not any(text in written for text in (CUSTOMER, "AUDIT-CODE"))
