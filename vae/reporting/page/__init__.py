"""The page: its tables, where its numbers come from, and the rendering."""
