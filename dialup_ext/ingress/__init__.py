"""What answers the public addresses: serving directories, Caddy's configuration, Caddy itself.

`serving` says where each host leads, by links on disk; `caddyfile` renders the configuration,
which never changes with them; `caddy` starts, adopts and stops the program. None of them knows
accounts, sites or the database.
"""
