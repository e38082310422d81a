"""MiniStack, taught to fail, to judge and to wait as AWS does where our functions depend on it."""
