"""Other people's data: arrays of every layout, toy_text dictionaries, text files, as the tables of a model."""
