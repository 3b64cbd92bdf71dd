"""Icons and fonts: the files the program shows. A package, so that `importlib.resources` finds them."""
