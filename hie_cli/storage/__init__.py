"""Files at addresses, such as ``s3://bucket/clip.mp4``: found, fetched whole, published whole.

Whatever fsspec reads (extra ``hie[cloud]``); nothing is imported before an address is used. Who may
do what is decided where every program of that kind looks for it (environment, configuration files).
"""
