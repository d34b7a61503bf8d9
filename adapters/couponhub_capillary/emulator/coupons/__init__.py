"""Coupons by their codes: how they are printed, when they end, and whether they can be redeemed."""
