"""The local AWS: MiniStack for most services, an extended moto for ECR."""
