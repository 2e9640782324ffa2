"""The demo: everything started on this machine, filled with two companies, and proven to work.

| module          | its job                                                               |
|-----------------|-----------------------------------------------------------------------|
| program.py      | `python -m config.demo`, `… --check`, `… stop`: one line says what is |
| running.py      | starts all of it in the right order and knows where it answers        |
| database.py     | the database: the embedded one, or the one of DATABASE_URL            |
| processes.py    | the child processes: started, watched, stopped, none left behind      |
| interruption.py | Ctrl+C and SIGTERM                                                    |
| lock.py         | one demo per data directory; ends one that runs elsewhere             |
| addresses.py    | which ports everything listens on                                     |
| welcome.py      | what a person reads when all of it runs                               |
| check.py        | `--check`: one order goes through all of it                           |
| trace.py        | the check's table of what the run did                                 |
| visitor.py      | a browser without a window, for the check                             |
| seed/           | puts the companies into the database                                  |
| workflows/      | their workflows, messages/ their texts                                |
"""
