"""The HTTP API, `couponhub serve`: the hub behind tokens, on a WSGI server; needs the extra `couponhub[server]`."""
