"""What `./dev` does; the program at the top of the checkout says how it hangs together."""
