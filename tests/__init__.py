"""What Ropewatch promises, checked on real sockets, servers and browsers."""
