"""The mails that the vendor sends."""
