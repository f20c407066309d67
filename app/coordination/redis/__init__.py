"""Connection to a Redis or Valkey shared by the servers: commands to it, and messages from it (`subscription`).

It may become unavailable at any time. It holds nothing that can't be lost.
"""
