"""The endpoints that make and change lists."""

from collections.abc import Iterator
from functools import partial

import attrs

from couponhub.hub import CouponHub
from couponhub.models import CouponList
from couponhub.serialization import to_document
from couponhub.server.list_endpoints import CONNECTION, LIST_ID, checked_list_id
from couponhub.server.list_wishes import ActivationRequest, ListChangeRequest, NewListRequest
from couponhub.server.operations import Operation, OperationRequest, OperationResponse
from couponhub.server.response_json import json_bytes
from couponhub.state import Scope

_LISTS = "/v1/connections/{connection}/lists"
_FAILS = (404, 409, 422, 501, 502, 503, 504)


@attrs.frozen(kw_only=True)
class ListWriteEndpoints:
    """Makes and changes lists.

    Attributes:
        hub: Through whom.
    """

    hub: CouponHub

    def operations(self) -> Iterator[Operation]:
        """The endpoints."""
        write = partial(Operation, method="POST", scope=Scope.LISTS_WRITE, gives="list", fails=_FAILS)
        yield write(
            name="create_list",
            about="Make a list.\n\n"
            "When the vendor's answer is lost the list is looked for, and made once more only when it is proven absent."
            " A request that is repeated by its caller makes a second list, or is refused (409) where the vendor takes"
            " each name once: after a lost answer look at the lists first.",
            path=_LISTS,
            run=self._create,
            takes=NewListRequest,
            example={"name": "Spring sale", "expires": "2030-06-30"},
            parameters=(CONNECTION,),
            status=201,
        )
        changed = partial(write, parameters=(CONNECTION, LIST_ID))
        yield changed(
            name="update_list",
            about="Change a list; what is left out stays as it is.\n\n"
            "Where the vendor takes a list or its alerts as a whole, the rest is read right before and sent back as it"
            " was: what somebody else changes in that moment is lost.",
            path=f"{_LISTS}/{{list_id}}",
            run=self._update,
            takes=ListChangeRequest,
            example={"expires": "2030-07-31"},
        )
        yield changed(
            name="activate_list",
            about="Bring an expired or archived list back. Codes that are gone do not come back.",
            path=f"{_LISTS}/{{list_id}}/activate",
            run=self._activate,
            takes=ActivationRequest,
            example={"expires": "2030-07-31"},
        )
        yield changed(
            name="archive_list",
            about="Retire a list for good.\n\n"
            "DESTRUCTIVE: the vendor deletes its codes that were not handed out.",
            path=f"{_LISTS}/{{list_id}}/archive",
            run=self._archive,
        )

    def _create(self, call: OperationRequest) -> OperationResponse:
        connection = call.path["connection"]
        made = self.hub[connection].lists.create(call.body.new_list())
        place = f"/v1/connections/{connection}/lists/{made.id}"
        headers = {"Location": place} if place.isascii() and place.isprintable() else {}
        return attrs.evolve(_told(made), status=201, headers=headers)

    def _update(self, call: OperationRequest) -> OperationResponse:
        lists = self.hub[call.path["connection"]].lists
        return _told(lists.update(checked_list_id(call), call.body.change()))

    def _activate(self, call: OperationRequest) -> OperationResponse:
        lists, list_id = self.hub[call.path["connection"]].lists, checked_list_id(call)
        lists.activate(list_id, call.body.expires)
        return _told(lists.get(list_id))

    def _archive(self, call: OperationRequest) -> OperationResponse:
        lists, list_id = self.hub[call.path["connection"]].lists, checked_list_id(call)
        lists.archive(list_id)
        return _told(lists.get(list_id))


def _told(one: CouponList) -> OperationResponse:
    return OperationResponse(content=json_bytes(to_document(one)))
