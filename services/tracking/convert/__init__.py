"""Between wire and domain, pure, both ways."""
