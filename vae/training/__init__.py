"""Training the cells of a sweep together, to a plateau, through crashes."""
