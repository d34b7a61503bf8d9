"""A FastAPI application whose endpoints are given the hub of their process."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Body, Depends, FastAPI, HTTPException, Request

from couponhub import AsyncCouponHub, Customer, UsageError


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
    """Open the hub when a worker process starts, and close it when it ends."""
    async with AsyncCouponHub.from_config() as hub:
        app.state.hub = hub
        yield


def the_hub(request: Request) -> AsyncCouponHub:
    """Return the hub of this process; tests put another in its place with `app.dependency_overrides`."""
    hub: AsyncCouponHub = request.app.state.hub
    return hub


app = FastAPI(lifespan=lifespan)


@app.post("/coupons")
async def coupons(
    mobile: Annotated[str, Body(embed=True)], hub: Annotated[AsyncCouponHub, Depends(the_hub)]
) -> dict[str, Any]:
    """Answer the lookup object of couponhub's HTTP endpoint; 503 when some vendor could not be asked."""
    try:
        answer = await hub.lookup(Customer(mobile=mobile), deadline=1.5)
    except UsageError as error:
        raise HTTPException(422, error.message) from None
    if not answer.complete:
        waits = [one.error.retry_after for one in answer.answers if one.error and one.error.retry_after]
        seconds = max(1, round(max(waits, default=5)))
        raise HTTPException(503, answer.as_dict(), {"Retry-After": str(seconds)})
    return answer.as_dict()
