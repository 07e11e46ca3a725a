"""The command line: parse, call a stage, show. Modules here import only typer at the top."""
