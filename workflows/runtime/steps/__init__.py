"""Carrying steps out: the interpreter, the live executor, limits of calls and evaluations."""
