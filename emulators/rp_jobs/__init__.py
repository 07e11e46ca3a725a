"""RunPod's serverless job API: a queue, and workers that run a real entry point."""
