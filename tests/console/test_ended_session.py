"""A change that comes without a session, or with a form of another one: nothing is done, and what was typed comes back."""

import json

import pytest

from couponhub.state import Scope
from tests.console.harness import ConsoleHarness

FORM = {"name": "<i>Spring</i>", "expires": "2031-01-31", "csrf": "old", "key": "k-1"}


def test_a_form_without_a_session_comes_back_whole(console: ConsoleHarness) -> None:
    """Escaped, without the old form's word, and at the same address; nothing was made."""
    answer = console.client.post("/lists/new", data=FORM)
    assert (403, False) == (answer.status_code, "<i>Spring" in answer.text)
    for part in ('name="path" value="/lists/new"', "&lt;i&gt;Spring", '"typed.expires"', '"typed.key"'):
        assert part in answer.text
    assert "typed.csrf" not in answer.text

    typed = {f"typed.{name}": value for name, value in FORM.items() if name != "csrf"}
    wrong = console.client.post("/sign-in/again", data={"path": "/lists/new", "token": "chub_x", **typed})
    assert (401, True) == (wrong.status_code, "&lt;i&gt;Spring" in wrong.text)
    token = console.token(Scope.LISTS_WRITE)
    resumed = console.client.post("/sign-in/again", data={"path": "/lists/new", "token": token, **typed})
    assert (200, True) == (resumed.status_code, 'action="/lists/new"' in resumed.text)
    assert console.cookie()
    csrf = resumed.text.split('name="csrf" value="')[1].split('"')[0]
    made = console.client.post("/lists/new", data={**FORM, "csrf": csrf})
    assert "the field connection is missing" in made.text  # it went through to the form's own page


def test_a_form_of_an_earlier_session_can_be_sent_again(console: ConsoleHarness) -> None:
    """It is refused, and stands there with the word of this session."""
    console.sign_in(Scope.LISTS_WRITE)
    answer = console.client.post("/lists/new", data=FORM)
    assert (403, True) == (answer.status_code, 'id="resume"' in answer.text)
    strange = console.client.post("/lists/moengage/a%20%C3%A9/change", data=FORM)
    assert 'action="/lists/moengage/a%20%C3%A9/change"' in strange.text
    again = console.client.post("/sign-in/again", data={"path": "/lists/new", "typed.name": "Spring"})
    assert (200, True) == (again.status_code, 'id="resume"' in again.text)
    path = "/lists/moengage/a%20%C3%A9/change"
    again = console.client.post("/sign-in/again", data={"path": path, "typed.name": "Spring"})
    assert f'action="{path}"' in again.text


@pytest.mark.parametrize("path", ["https://evil.example/", "//evil.example", "/nowhere", "/connections", ""])
def test_no_form_is_led_elsewhere(console: ConsoleHarness, path: str) -> None:
    """Only to what takes a form here."""
    form = {"path": path, "token": console.token(Scope.LOOKUP), "typed.customer": "919876543210"}
    answer = console.client.post("/sign-in/again", data=form)
    assert (404, None) == (answer.status_code, console.cookie())
    assert "evil" not in answer.text


def test_other_sites_put_nothing_into_a_form(console: ConsoleHarness) -> None:
    """What another site sends without a session is not offered to be sent again."""
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    for path in ("/lists/new", "/sign-in/again", "/sign-in/here"):
        answer = console.client.post(path, data={**FORM, "path": "/lists/new"}, headers=headers)
        assert (403, False) == (answer.status_code, "Spring" in answer.text)


@pytest.mark.parametrize("signed_in", [False, True])
def test_a_part_of_a_page_leaves_it_as_it_is(console: ConsoleHarness, *, signed_in: bool) -> None:
    """What is asked for by htmx swaps nothing: an event opens the door, and tells whether somebody pressed a button."""
    if signed_in:
        console.sign_in(Scope.LOOKUP)
    headers = {"HX-Request": "true"}
    answer = console.client.post("/", data={"customer": "919876543210", "csrf": "old"}, headers=headers)
    assert (204, b"") == (answer.status_code, answer.data)
    assert {"session-ended": {"asked": True}} == json.loads(answer.headers["HX-Trigger"])
    if not signed_in:
        polled = console.client.get("/jobs", headers=headers)
        assert {"session-ended": {"asked": False}} == json.loads(polled.headers["HX-Trigger"])
    here = console.client.get("/sign-in/here", headers=headers)
    assert signed_in is ("data-csrf" in here.text)
    assert signed_in is ('name="token"' not in here.text)


def test_the_door_in_a_page_gives_the_new_word(console: ConsoleHarness) -> None:
    """A wrong token is told there; the right one makes the page's forms good again."""
    headers = {"HX-Request": "true"}
    wrong = console.client.post("/sign-in/here", data={"token": "chub_x"}, headers=headers)
    assert (200, True) == (wrong.status_code, "is not known" in wrong.text)
    right = console.client.post("/sign-in/here", data={"token": console.token(Scope.LOOKUP)}, headers=headers)
    csrf = right.text.split('data-csrf="')[1].split('"')[0]
    answer = console.client.post("/", data={"customer": "919876543210", "csrf": csrf}, headers=headers)
    assert (200, True) == (answer.status_code, "Can be used now" in answer.text)


def test_a_file_is_not_read_without_a_session(console: ConsoleHarness) -> None:
    """The fields before it are kept, and it is to be chosen again: nothing of a stranger's gigabytes is taken."""
    lines = ["--x", 'Content-Disposition: form-data; name="connection"', "", "moengage"]
    lines += ["--x", 'Content-Disposition: form-data; name="file"; filename="codes.csv"', "", "code", "A"]
    body = "\r\n".join(lines).encode()
    length = str(len(body) + (1 << 30))
    answer = console.client.post(
        "/uploads/new", data=body, content_type="multipart/form-data; boundary=x", content_length=int(length)
    )
    assert 403 == answer.status_code
    assert "choose it again" in answer.text
    assert ">\nmoengage</textarea>" in answer.text
    assert "codes.csv" not in answer.text
    token = console.token(Scope.UPLOADS_WRITE)
    form = {"path": "/uploads/new", "token": token, "typed.connection": "moengage"}
    resumed = console.client.post("/sign-in/again", data=form)
    assert 'enctype="multipart/form-data"' in resumed.text
    assert 'type="file"' in resumed.text
