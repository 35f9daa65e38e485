"""The east wing: session to screen and screen to session."""
