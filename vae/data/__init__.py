"""Images: their names, where they come from, how they are split."""
