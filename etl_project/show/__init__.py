"""What people see in the terminal: each module prints one thing."""
