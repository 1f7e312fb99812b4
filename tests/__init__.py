"""Tests mirror remedy/; lab/ has the hosts they use."""
