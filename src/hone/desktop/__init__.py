"""The desktop face: the web app in a window of its own, with the system's file dialogs."""
