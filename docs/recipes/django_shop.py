"""A Django view that tells a customer's coupons, kept for a moment in Django's cache for all processes."""

from functools import cache

from django.core.cache import cache as shared
from django.http import HttpRequest, JsonResponse
from django.utils.crypto import salted_hmac
from django.views.decorators.http import require_POST

from couponhub import CouponHub, Customer, LookupAnswer, UsageError

FRESH_SECONDS = 30


@cache
def hub() -> CouponHub:
    """Return the hub of this process, opened at the first request: gunicorn and uWSGI have forked by then."""
    return CouponHub.from_config()


@require_POST  # the identifier travels in the body, so that no access log holds it
def coupons(request: HttpRequest) -> JsonResponse:
    """Answer the lookup object of couponhub's HTTP endpoint; 503 when some vendor could not be asked."""
    try:
        customer = Customer(mobile=request.POST["mobile"])
        # Nobody reads numbers in the cache.
        key = salted_hmac("coupons", customer.value, algorithm="sha256").hexdigest()
        known = shared.get(key)
        if known is None:
            answer = hub().lookup(customer, deadline=1.5)
            if not answer.complete:
                return not_now(answer)
            known = answer.as_dict()
            shared.set(key, known, FRESH_SECONDS)  # what could not be known is never kept
    except (KeyError, UsageError):
        return JsonResponse({"error": "a mobile is needed, with its country code"}, status=400)
    return JsonResponse(known)


def not_now(answer: LookupAnswer) -> JsonResponse:
    """Say what is known, that it is not all, and when to come back."""
    waits = [one.error.retry_after for one in answer.answers if one.error and one.error.retry_after]
    response = JsonResponse(answer.as_dict(), status=503)
    response["Retry-After"] = str(max(1, round(max(waits, default=5))))
    return response
