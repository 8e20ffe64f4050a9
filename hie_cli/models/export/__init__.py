"""Our networks as ONNX files that run elsewhere, and are imported again like anybody's."""
