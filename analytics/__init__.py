"""Judge what was read and keep what people decided."""
