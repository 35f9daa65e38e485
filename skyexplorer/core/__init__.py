"""Arrays in, arrays out: the geometry and the numbers, without astropy's nouns."""
