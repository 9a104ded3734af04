"""A ropeway that obeys physics, served over real sockets."""
