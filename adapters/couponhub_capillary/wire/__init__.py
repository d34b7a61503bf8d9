"""Capillary's JSON: what is sent and how answers are read. Plain values in and out, no HTTP is done here."""
