"""The web page above the server: what a support desk, a campaign manager and an operator see. It needs the extra `console`."""
