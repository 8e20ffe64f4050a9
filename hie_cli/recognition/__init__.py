"""Recognising the 14 HiEve actions from tracked people."""
