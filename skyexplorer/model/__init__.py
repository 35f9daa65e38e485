"""The nouns of the field, frozen, with astropy types at the border."""
