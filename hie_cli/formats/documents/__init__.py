"""The stage document: our own file, the challenge's annolist with a header."""
