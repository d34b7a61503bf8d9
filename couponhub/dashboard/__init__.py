"""The pages of `couponhub emulate`: what the emulated vendors hold, were asked and do wrong. They need the extra `console`."""
