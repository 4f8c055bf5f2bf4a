"""Other people's data: arrays of every layout, toy_text dictionaries and text files, as the tables of a model.

Read in this order: transitions, layouts, rewards, arrays, state_action_pairs, toy_text, csv_file, text_lines,
choices, drn_file, prism_files.
"""
