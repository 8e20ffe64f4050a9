"""Networks, their decoders and the registry that loads them; see ``registry.load``."""
