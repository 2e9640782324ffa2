"""The language people write workflows in: parse, check, compile, render.

Pure: no Django, no HTTP, no clock, no chance. README.md beside this file is the map.
"""
