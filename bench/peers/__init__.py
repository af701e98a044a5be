"""What we are measured against. Each runs in processes of its own."""
