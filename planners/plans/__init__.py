"""What planning returns: policies, plans, their files and pictures.

Read in this order: policy, plan, plots; then model_identity, save, load, plan_folder.
"""
