"""The product: definitions, events, runs, and the engine that carries them out."""
