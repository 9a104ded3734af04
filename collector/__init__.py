"""Read every device and keep what was read."""
