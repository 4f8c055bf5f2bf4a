"""What a discriminator's scores are worth to each player: losses, and penalties on its slope."""
