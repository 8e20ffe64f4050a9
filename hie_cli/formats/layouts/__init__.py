"""The layouts of other programs: one module each, parse and format only."""
