"""The commands: options to the pipeline, sentences and exit codes back."""
