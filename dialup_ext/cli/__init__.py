"""The command lines: `deploy` for people with sites, `dialup` for those who run the server."""
