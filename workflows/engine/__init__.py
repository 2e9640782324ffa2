"""What happens next. Pure: time, chance and rows are arguments."""
