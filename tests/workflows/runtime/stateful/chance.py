"""Things drawn at random, each as likely as the others. The names are those of `hypothesis`.

Its own strategies prefer what is small: most workflows made no call at all, and most lives ended
before anything could go wrong. Failures are not shrunk, so nothing is lost without them.
"""

from dataclasses import dataclass
from functools import wraps


@dataclass(frozen=True, slots=True)
class Chance:
    """Something that can be drawn."""

    draw: object  # Random -> what was drawn

    def map(self, function):
        """Return what the function makes of it."""
        return Chance(lambda rng: function(self.draw(rng)))


def just(value):
    """Always this."""
    return Chance(lambda _rng: value)


def sampled_from(values):
    """One of these values."""
    return Chance(lambda rng: rng.choice(values))


def booleans():
    """Yes or no."""
    return sampled_from((False, True))


def integers(low, high):
    """A number from `low` to `high`."""
    return Chance(lambda rng: rng.randint(low, high))


def lists(of, *, min_size, max_size):
    """Some of these."""
    return Chance(lambda rng: [of.draw(rng) for _ in range(rng.randint(min_size, max_size))])


def one_of(kinds):
    """One of these chances."""
    return Chance(lambda rng: rng.choice(kinds).draw(rng))


def builds(function, *parts):
    """What a function makes of these."""
    return Chance(lambda rng: function(*[part.draw(rng) for part in parts]))


def composite(function):
    """Return the chance of what a function draws."""

    @wraps(function)
    def chance(**more):
        return Chance(lambda rng: function(lambda part: part.draw(rng), **more))

    return chance
