"""From tables to a report: figures, sentences and the Markdown page."""
