"""What the demo's companies keep beside their orders, as a host company's own app would.

Installed outside production only: a host company puts an app of its own in its place.
"""
