"""How fast the chain is on this machine, where its time goes, and against simple loops."""
