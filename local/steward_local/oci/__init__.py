"""What docker clients talk to: the repositories of the local ECR behind the API of the OCI distribution spec."""
