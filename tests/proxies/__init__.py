"""Proxies between PicHub and its clients or engines, which lose, delay or encrypt connections."""
