"""One resource a module; routes translate and call, and decide nothing."""
