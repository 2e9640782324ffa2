"""Sentences for people: what codes with parameters mean, in the language of the reader."""
