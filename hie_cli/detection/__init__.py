"""Detection: one or several networks at several input sizes, fused and smoothed."""
