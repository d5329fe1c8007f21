"""The business of Partner Desk: what is true, what is allowed and what follows."""
