"""The font of windows and pictures: DejaVu Sans Condensed 2.37, without the signs that no label needs.

`LICENSE_DEJAVU.txt` is its licence. fontTools made the files: `pyftsubset FONT --unicodes=... --legacy-kern
--layout-features='' --drop-tables+=GPOS,GSUB,GDEF,MATH --name-IDs='*'`. The plain font has Latin, Greek, Cyrillic,
arrows and mathematical signs, the bold one Latin, Greek and arrows.
"""
