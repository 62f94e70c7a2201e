"""What is asked for without a task: orders and progress, and what the assets of chips share."""
