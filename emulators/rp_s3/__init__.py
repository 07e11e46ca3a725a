"""RunPod's S3 interface to network volumes, over a folder that workers and pods see too."""
