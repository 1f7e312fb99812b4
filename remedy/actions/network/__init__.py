"""What answers over the network: HTTP, ports, queues."""
