"""Everything that can happen to workflows, in any order, and the laws that hold after each thing.

`documents` draws workflows, `recorder` is the outside world and what it saw, `world` does what
people, providers, time and death do, `laws` are the promises. `python -m` this package runs it for
long (`make stateful`).
"""
