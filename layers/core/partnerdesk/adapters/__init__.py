"""The outside world behind the ports: AWS, and what both engines share."""
