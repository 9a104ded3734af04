"""Tell people of alarms through services outside, and keep whom it reached."""
