"""Real servers that the tests run against, and how to come by them."""
