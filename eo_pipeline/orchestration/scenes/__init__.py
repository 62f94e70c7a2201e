"""Products whose pixels are composed here: where their scenes are, who works on them, what a person sees of it."""
