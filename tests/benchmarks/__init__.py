"""What collecting costs, beside others that do the same: `python -m tests.benchmarks`."""
