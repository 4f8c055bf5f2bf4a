"""The one loop of all iterative methods: iteration limits, progress, status, and the plan in the end."""
