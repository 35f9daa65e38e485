"""The hall: all state that a user can see, observable, without widget or network."""
