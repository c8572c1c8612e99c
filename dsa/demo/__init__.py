"""A believable world of organisations, posts and histories. One rule: everything in it is made by the services."""
