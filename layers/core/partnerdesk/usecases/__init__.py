"""What the desk can do, one act a module, each one commit."""
