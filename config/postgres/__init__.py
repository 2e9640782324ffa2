"""The embedded PostgreSQL: the server Sayr runs on when no DATABASE_URL is set.

| module          | its job                                                             |
|-----------------|---------------------------------------------------------------------|
| address.py      | where the running server listens; the settings read only this       |
| command_line.py | `python -m config.postgres start | stop | status | run -- COMMAND`  |
| server.py       | starts and stops the server, one caller at a time                   |
| run.py          | runs a command beside the server and stops it after the last one    |
| cluster.py      | makes the data directory and writes the server's settings           |
| program.py      | finds the wheel's binaries and runs them as the right account       |
| account.py      | who the server runs as: PostgreSQL refuses to run as root           |
| roles.sql       | the two roles and the database; also right for a server of your own |
"""
