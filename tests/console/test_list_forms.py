"""Making and changing lists from pages: what was typed stays, and nothing is deleted by a slip."""

from typing import Any

from playwright.sync_api import expect

from couponhub.models import ListStatus, NewCouponList
from couponhub.state import Scope
from tests.console.browser import Visitor
from tests.console.harness import ConsoleHarness
from tests.kit.clock import vendors_today

WRITES = (Scope.LOOKUP, Scope.LISTS_READ, Scope.LISTS_WRITE)


def test_makes_changes_and_retires_a_list_by_keyboard(console: ConsoleHarness, visitor: Visitor) -> None:
    """A name that is taken is told with all that was typed; to retire a list takes its name, and says what is lost."""
    name = "<i>Forms</i> & more"
    visitor.sign_in(console.token(*WRITES))
    visitor.go("/lists")
    page = visitor.page
    page.get_by_role("link", name="Make a list").press("Enter")
    page.get_by_label("Connection").select_option("moengage")
    page.get_by_label("Name", exact=True).fill("Welcome offer")
    page.get_by_label("Last day").fill(f"{vendors_today(30)}")
    page.get_by_label("Made by").fill("a@example.com")
    visitor.require_accessible()
    page.get_by_label("Made by").press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Made by")).to_have_value("a@example.com")
    visitor.require_accessible()
    visitor.odd.clear()  # a browser says in its console that the answer was 409
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Name", exact=True).press("Enter")
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
    expect(page.locator("#uploads")).to_contain_text("No codes were sent to this list yet.")
    visitor.require_accessible()

    page.get_by_role("link", name="Change this list").press("Enter")
    page.get_by_label("New name").fill("Forms")
    visitor.require_accessible()
    page.get_by_label("New name").press("Enter")
    expect(page.get_by_role("heading", level=1, name="Forms")).to_be_visible()
    (found,) = (one for one in console.hub["moengage"].lists.iterate() if one.name == "Forms")

    page.get_by_role("link", name="Change this list").press("Enter")
    page.get_by_label("To confirm, type").fill("Form")
    page.get_by_label("To confirm, type").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("nothing was done")
    visitor.odd.clear()
    assert ListStatus.ACTIVE is console.hub["moengage"].lists.get(found.id).status
    page.set_viewport_size({"width": 360, "height": 740})
    page.emulate_media(color_scheme="dark")
    visitor.require_accessible()
    page.get_by_label("To confirm, type").fill("Forms")
    page.get_by_label("To confirm, type").press("Enter")
    expect(page.locator(".facts")).to_contain_text("archived")

    page.get_by_role("link", name="Change this list").press("Enter")
    page.get_by_label("brought back").fill(f"{vendors_today(40)}")
    page.get_by_label("brought back").press("Enter")
    expect(page.locator(".facts")).to_contain_text("active")


def test_forms_take_the_right_to_write(console: ConsoleHarness) -> None:
    """Who may only read is shown no way there, and sent nowhere."""
    list_id = next(iter(console.hub["moengage"].lists.iterate())).id
    console.sign_in(Scope.LOOKUP, Scope.LISTS_READ)
    assert "/lists/new" not in console.client.get("/lists").text
    assert "/change" not in console.client.get(f"/lists/moengage/{list_id}").text
    assert 403 == console.client.get("/lists/new").status_code
    for end in ("change", "activate", "archive"):
        assert 403 == console.post(f"/lists/moengage/{list_id}/{end}", confirm="x").status_code


def test_a_form_that_is_sent_twice_makes_one_list(console: ConsoleHarness) -> None:
    """The second is told that there is such a list, at a vendor that would take two of one name as well."""
    console.sign_in(*WRITES)
    form: dict[str, Any] = {
        "connection": "capillary",
        "name": "Made once",
        "expires": f"{vendors_today(30)}",
        "extra": "discountCode=ONCE10\ndiscountType=PERC\n\ndiscountValue = 10\n"
        "smsTemplate=Hi {{first_name}}, your code is {{voucher}}",
    }
    first, second = console.post("/lists/new", **form), console.post("/lists/new", **form)
    assert (303, 409) == (first.status_code, second.status_code), first.text
    assert "such a list already" in second.text
    names = [one.name for one in console.hub["capillary"].lists.iterate()]
    assert 1 == names.count("Made once")


def test_what_is_wrong_in_a_form_is_told(console: ConsoleHarness) -> None:
    """By its field, with nothing sent; a dead vendor too, and nothing typed is lost."""
    console.sign_in(*WRITES)
    form: dict[str, Any] = {
        "connection": "moengage",
        "name": "N-1",
        "expires": "2030-06-30",
        "created_by": "a@example.com",
    }
    for change, told in (
        ({"name": " "}, "the field name is missing"),
        ({"expires": "soon"}, "the last day is no day"),
        ({"extra": "a=1\nb"}, "line 2"),
        ({"connection": "nobody"}, "no connection"),
    ):
        answer = console.post("/lists/new", **{**form, **change})
        assert answer.status_code in {400, 404}
        assert told in answer.text
        assert "a@example.com" in answer.text
    console.controls["moengage"].fail("* *", "status", 503)
    dead = console.post("/lists/new", **form)
    assert dead.status_code >= 500
    assert "N-1" in dead.text
    console.controls["moengage"].set_faults()
    made = console.hub["moengage"].lists.create(
        NewCouponList(name="N-2", expires=vendors_today(9), created_by="a@example.com")
    )
    nothing = console.post(f"/lists/moengage/{made.id}/change")
    assert 400 == nothing.status_code
