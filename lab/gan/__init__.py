"""The GAN: networks, losses, penalties, the two updates, the averaged generator, sampling."""
