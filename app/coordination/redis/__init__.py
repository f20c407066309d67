"""A Redis or Valkey that servers share: what it is asked (`commands`), and what is heard from it (`subscription`).

It may go away at any time. Nothing is kept there that can't be lost.
"""
