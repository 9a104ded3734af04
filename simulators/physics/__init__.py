"""How a ropeway and its weather behave: pure steps from state to state, SI units."""
