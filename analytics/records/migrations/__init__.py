"""The steps from one schema of the records to the next, oldest first.

A batch migration makes its table anew and thereby drops the table's triggers:
make them again in the same step. Each step runs on SQLite and on PostgreSQL:
take triggers and types from `refusals`, and say `sa.true()` where a boolean has a default.
"""
