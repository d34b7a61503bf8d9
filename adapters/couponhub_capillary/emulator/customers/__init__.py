"""The customers of the organisation, and the coupons that they hold."""
