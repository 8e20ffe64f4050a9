"""Reading and writing of files: parse and emit only."""
