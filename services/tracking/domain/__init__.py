"""What tracking knows about the world: pure, no clock, no I/O, no wire."""
