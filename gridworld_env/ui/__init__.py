"""Windows, pages and files of anything; the one room that `gan_lab` may import."""
