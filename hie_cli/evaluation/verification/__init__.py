"""The reference evaluators beside our own figures (``hie eval --verify``).

Each module runs one of them on the sequences as they were read, sharing nothing with the metrics
but the data. None is imported before it is asked for.
"""
