"""The instrument held against closed forms, and what known mistakes would do to it."""
