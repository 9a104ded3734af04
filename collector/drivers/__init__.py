"""Drivers: each reads one device by one protocol, and can do nothing else."""
