"""Windows, pages and files of any program: nothing in this room knows of gridworlds, and `gan_lab` imports it too."""
