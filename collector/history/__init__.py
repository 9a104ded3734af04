"""Every scan, kept once in one log; everything else is fed from that log."""
