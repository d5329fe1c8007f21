"""
The requests of a batch, grouped by what they are about.

Each module has a table `KINDS` from the name of a request to the function
that carries it out on a draft and returns its reply, None for an empty one.
"""
