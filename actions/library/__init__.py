"""One file per action, found by `actions.registry`, listed nowhere."""
