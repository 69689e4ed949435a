"""How tracking's ports are met: PostgreSQL, and the group commit of positions."""
