"""What is in a user's file, and which command runs it."""
