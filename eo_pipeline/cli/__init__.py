"""The command line: a command a file. Logic belongs below."""
