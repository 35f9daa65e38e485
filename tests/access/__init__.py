"""What is tested of access: a package, so that its page ends with it."""
