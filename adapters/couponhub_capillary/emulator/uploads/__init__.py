"""Uploads of codes: the files, the jobs, and the queue that works through them."""
