"""What tracking does, one async function per question, over ports."""
