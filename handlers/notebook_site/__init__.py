"""A notebook as a web site: Voila alone with one notebook, a kernel for each visitor, nothing else."""
