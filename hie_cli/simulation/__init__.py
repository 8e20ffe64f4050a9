"""Crowds of articulated persons on a ground plane, with exact truth: data to test and train on."""
