"""The HTTP of the emulated Capillary: paths, the order of checks (C-95), headers; no rule of coupons."""

import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.wrappers import Request, Response

from couponhub.testing.emulation.routes import Routes
from couponhub_capillary.emulator.answers import (
    Family,
    RefusedError,
    Reply,
    of_family,
    token_error,
    upload_error,
    v1_error,
)
from couponhub_capillary.emulator.coupons import by_code
from couponhub_capillary.emulator.customers import coupons_v1 as customer_coupons_v1
from couponhub_capillary.emulator.customers import coupons_v2 as customer_coupons_v2
from couponhub_capillary.emulator.gateway import (
    TOKEN_HEADER,
    Credentials,
    RateLimiter,
    caller,
    check_lookup_headers,
    check_rate,
    check_right,
)
from couponhub_capillary.emulator.not_called.customer_coupons_detailed import in_words
from couponhub_capillary.emulator.not_called.redemption_uploads import RedemptionUploads
from couponhub_capillary.emulator.not_called.routes import coupon_rules
from couponhub_capillary.emulator.organisation import ORGANISATION_ID, TILL, Organisation
from couponhub_capillary.emulator.routing import (
    Arguments,
    Operation,
    json_body,
    rule,
    series_id_of,
    upload_reply,
)
from couponhub_capillary.emulator.series import endpoints
from couponhub_capillary.emulator.tokens import Tokens
from couponhub_capillary.emulator.uploads.jobs import IDENTIFIERS, NOT_TAGGED
from couponhub_capillary.emulator.uploads.queue import Uploads, job_object


class Api:
    """Answers requests from one organisation's state."""

    def __init__(
        self, organisation: Organisation, tokens: Tokens, uploads: Uploads, redemptions: RedemptionUploads
    ) -> None:
        self._organisation = organisation
        self._tokens = tokens
        self._uploads = uploads
        self._limiter = RateLimiter()
        self.rate_limited = False
        rules = [
            rule("POST", "/v3/oauth/token/generate", None, self._token),
            rule("GET", "/v1.1/customer/coupons", "default", self._customer_coupons_v1),
            rule("GET", "/v1.1/coupon/get", "default", self._coupon_get),
            rule("GET", "/v2/customers/coupons", "default", self._customer_coupons_v2),
            rule("GET", "/v2/coupon", "default", self._coupons_v2),
            rule("GET", "/v2/coupon/series", "coupon-read", self._series_list),
            rule("POST", "/v2/coupon/series", "coupon-write", self._series_create),
            rule("PUT", "/v2/coupon/series/<series_id>", "coupon-write", self._series_update),
            rule("POST", "/coupon/api/v1/upload/file/<series_id>", "coupon-write", self._upload),
            rule(
                "GET", "/coupon/api/v1/upload/getUploadStatus/<series_id>", "coupon-read", self._upload_status
            ),
            *coupon_rules(organisation),
            *redemptions.rules(),
        ]
        self._routes = Routes(rules)

    def handle(self, request: Request) -> Response:
        """Answer one call, however it ends."""
        family = Family.of(request.path)
        try:
            reply = self._answer(request, family)
        except RefusedError as refused:
            reply = refused.reply
            if family in {Family.V2, Family.UPLOAD} and self._organisation.options.refusals_as_200:
                reply = attrs.evolve(
                    reply, status=200, body={"success": False, "status": reply.status}
                )  # C-9
        if family is Family.V1 and self._organisation.options.http_mirrors_code and "response" in reply.body:
            reply = attrs.evolve(reply, status=int(reply.body["response"]["status"]["code"]))  # C-9
        return _response(reply, family, request.path)

    def _answer(self, request: Request, family: Family) -> Reply:
        operation, arguments = self._route(request, family)
        if operation.right is not None:
            try:
                with self._organisation.lock:
                    self._admit(request, family, operation.right)
            except RefusedError as refused:
                raise in_words(refused) if operation.says_words else refused from None
        if family is Family.V1:
            _refuse_xml(request)
        check_lookup_headers(family, request.headers)
        return operation.answer(request, arguments)

    def _route(self, request: Request, family: Family) -> tuple[Operation, Arguments]:
        try:
            operation, arguments = self._routes.match(request.path, request.method)
        except NotFound:
            raise of_family(family, 404, "Incorrect resource", "Not Found") from None
        except MethodNotAllowed as error:
            refused = of_family(family, 405, "Incorrect HTTP Method", "Method Not Allowed")
            allowed = ", ".join(error.valid_methods or ())
            raise RefusedError(attrs.evolve(refused.reply, headers={"Allow": allowed})) from None
        return operation, arguments

    def _admit(self, request: Request, family: Family, right: str) -> None:
        options = self._organisation.options
        client = caller(family, _credentials(request), self._tokens, options)
        check_right(client, right, options)
        if self.rate_limited:
            check_rate(family, client, self._limiter, options, self._organisation.clock.now())

    def _token(self, request: Request, _: Arguments) -> Reply:
        body = json_body(request, Family.TOKEN)
        key, secret = (body.get(name) if isinstance(body, dict) else None for name in ("key", "secret"))
        if not (isinstance(key, str) and isinstance(secret, str) and key and secret):
            raise token_error(400, "Failed to generate OAuth token")
        with self._organisation.lock:
            options = self._organisation.options
            token = self._tokens.generate(key, secret, ttl=options.ttl, reuse_window=options.reuse_window)
        if token is None:
            raise token_error(401, "Failed to generate OAuth token")
        return Reply(body={"data": {"accessToken": token, "ttlSeconds": options.ttl}, "errors": None})

    def _customer_coupons_v1(self, request: Request, _: Arguments) -> Reply:
        with self._organisation.lock:
            return customer_coupons_v1.customer_coupons(self._organisation, request.args)

    def _coupon_get(self, request: Request, _: Arguments) -> Reply:
        with self._organisation.lock:
            return by_code.coupon_get(self._organisation, request.args)

    def _customer_coupons_v2(self, request: Request, _: Arguments) -> Reply:
        with self._organisation.lock:
            return customer_coupons_v2.customer_coupons(self._organisation, request.args)

    def _coupons_v2(self, request: Request, _: Arguments) -> Reply:
        with self._organisation.lock:
            return by_code.coupons(self._organisation, request.args)

    def _series_list(self, request: Request, _: Arguments) -> Reply:
        with self._organisation.lock:
            return Reply(body=endpoints.series_list(self._organisation, request.args.getlist))

    def _series_create(self, request: Request, _: Arguments) -> Reply:
        body = json_body(request, Family.V2)
        with self._organisation.lock:
            return Reply(body=endpoints.create(self._organisation, body))

    def _series_update(self, request: Request, arguments: Arguments) -> Reply:
        body = json_body(request, Family.V2)
        with self._organisation.lock:
            return Reply(body=endpoints.update(self._organisation, arguments["series_id"], body))

    def _upload(self, request: Request, arguments: Arguments) -> Reply:
        with request:  # closes the files that came with it, also those of a refused one
            return self._take_file(request, arguments)

    def _take_file(self, request: Request, arguments: Arguments) -> Reply:
        wrong = upload_error(400, "Incorrect or invalid input.")
        file = request.files.get("file") if request.mimetype == "multipart/form-data" else None
        identifier = request.form.get("customerIdentifier", "")
        column = request.form.get("customerIdentifierColumn") or None
        if file is None or not file.filename or identifier not in IDENTIFIERS:
            raise wrong
        if identifier != NOT_TAGGED and column is None:  # C-31
            raise wrong
        series_id = series_id_of(arguments)
        with self._organisation.lock:
            target = self._organisation.series.get(series_id)
        if target is None:  # C-43
            raise wrong
        job = self._uploads.submit(
            target,
            file.stream,
            file_name=file.filename,
            identifier=identifier,
            customer_column=column,
        )
        with self._organisation.lock:
            shown = [job]
            if self._organisation.options.answer_all_jobs:  # C-66
                shown = [*(other for other in self._uploads.jobs(series_id) if other is not job), job]
            jobs = [job_object(each, self._organisation, fresh=each is job) for each in shown]
        return upload_reply(series_id, {"uploadJobStatuses": jobs, "fileName": job.stored_name})

    def _upload_status(self, _: Request, arguments: Arguments) -> Reply:
        series_id = series_id_of(arguments)
        with self._organisation.lock:
            jobs = [job_object(job, self._organisation, fresh=False) for job in self._uploads.jobs(series_id)]
        return upload_reply(series_id, {"uploadJobStatuses": jobs})


def _credentials(request: Request) -> Credentials:
    token = request.headers.get(TOKEN_HEADER)
    basic = request.authorization
    if basic is None or basic.type != "basic":
        return Credentials(token=token)
    return Credentials(token=token, username=basic.username, password=basic.password or "")


def _refuse_xml(request: Request) -> None:
    """Only JSON is spoken here (C-63)."""
    asked = request.args.get("format") or request.accept_mimetypes.best_match(
        ["application/json", "application/xml"], default="application/json"
    )
    if asked not in {"json", "application/json"}:
        raise v1_error(406, "Operation is not supported for the resource", status=406)


def _response(reply: Reply, family: Family, path: str) -> Response:
    response = Response(json.dumps(reply.body), status=reply.status)
    # Whole, as the vendor spells it: werkzeug would put a blank before the charset.
    response.headers["Content-Type"] = "application/json;charset=UTF-8"
    request_id = uuid.uuid4().hex
    response.headers["X-Cap-RequestID"] = response.headers["X-CAP-REQUEST-ID"] = request_id
    response.headers.extend(reply.headers)
    if family is Family.V1:
        response.headers.extend(_v1_headers(reply.body, path))
    return response


def _v1_headers(body: Mapping[str, Any], path: str) -> dict[str, str]:
    """The headers of v1.1 (C-74); `status_code` is an item's code, no HTTP status."""
    codes = list(_item_codes(body))
    good = sum(code in {700, 1000} for code in codes)
    headers = {
        "uri_path": path,
        "org_id": str(ORGANISATION_ID),
        "till": TILL,
        "success": str(good),
        "fail": str(len(codes) - good),
        "X-Application-Context": "intouch-api",
        "X-Frame-Options": "DENY",
    }
    return headers | ({"status_code": str(codes[0])} if codes else {})


def _item_codes(answer: object) -> Iterator[int]:
    """The codes of the outermost items."""
    if isinstance(answer, Mapping) and "item_status" in answer:
        yield int(answer["item_status"]["code"])
    elif isinstance(answer, Mapping | list):
        for entry in answer.values() if isinstance(answer, Mapping) else answer:
            yield from _item_codes(entry)
