"""What people and scripts are shown: plans, runs, hosts and errors as text, tables and documents."""
