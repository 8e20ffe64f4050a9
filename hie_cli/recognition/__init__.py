"""Recognising the 14 HiEve actions from tracked people: windows, rules, the door for models."""
