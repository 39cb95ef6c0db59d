"""What the report draws, and what is said of each figure."""
