"""Put it together, show it, take decisions."""
