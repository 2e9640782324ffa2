"""Pages of schedules: the form, and cron expressions in words."""
