"""The place in Redis or Valkey that machines share."""

from couponhub.state.redis.shared import RedisShared

__all__ = ["RedisShared"]
