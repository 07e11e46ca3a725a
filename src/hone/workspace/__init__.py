"""What a workspace keeps on disk: files, configuration, the store and the folders of jobs."""
