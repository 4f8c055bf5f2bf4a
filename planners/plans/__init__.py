"""What planning returns: policies, plans, their files and pictures."""
