"""The steps from one schema of the records to the next, oldest first.

A batch migration makes its table anew and thereby drops the table's triggers:
make them again in the same step.
"""
