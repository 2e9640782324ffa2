"""A company's own action, in a worker's process, whose code holds the interpreter.

`DJANGO_SETTINGS_MODULE=tests.support.holding.settings` lets worker processes know it.
"""
