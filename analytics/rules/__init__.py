"""Rules: data in the site file that say when a condition holds."""
