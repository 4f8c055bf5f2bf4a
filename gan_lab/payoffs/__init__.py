"""What a discriminator's scores are worth: losses and gradient penalties."""
