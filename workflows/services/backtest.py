"""The name under which version 0.1 queued backtests; the work is in `dry_run`."""

from workflows.services.dry_run.backtest import work

__all__ = ["work"]
