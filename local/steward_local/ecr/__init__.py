"""moto's ECR, taught to refuse what the real service refuses."""
