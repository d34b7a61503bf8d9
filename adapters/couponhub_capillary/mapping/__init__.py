"""From Capillary's words to couponhub's."""
