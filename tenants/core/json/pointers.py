"""JSON pointers (RFC 6901): where in a value something stands."""


def pointer(base: str, *keys: str | int) -> str:
    """Return the pointer of what lies at `keys` below `base`; "" is the whole value."""
    escaped = (str(key).replace("~", "~0").replace("/", "~1") for key in keys)
    return "".join([base, *(f"/{key}" for key in escaped)])


def keys_of(pointer: str) -> list[str]:
    """Return the keys that a pointer leads through; those of lists are numbers as text."""
    return [key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")[1:]]
