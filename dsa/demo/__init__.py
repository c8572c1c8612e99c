"""A believable world of organisations, posts and histories. One rule: everything in it is made by the services."""

# The world that is made where nothing else is asked for.
AGREEMENTS, SEED = 130, 1
