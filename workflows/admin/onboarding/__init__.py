"""Pages of the beginning: the gallery and the guide."""
